import platform

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from pages.models import Note

NAME = "{{polyenv.name}}"


@require_safe
def describe(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"service": NAME, "python": platform.python_version()})


@require_safe
def check_health(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
def list_notes(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"notes": list(Note.objects.order_by("id").values_list("text", flat=True))})
