import platform

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

NAME = "{{polyenv.name}}"


@require_safe
def describe(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"service": NAME, "python": platform.python_version()})


@require_safe
def check_health(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})
