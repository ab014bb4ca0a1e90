from django.http import JsonResponse
from django.urls import path

from shop.models import Order


def orders(request):
    return JsonResponse({"orders": list(Order.objects.values("customer", "amount"))})


urlpatterns = [path("", orders)]
