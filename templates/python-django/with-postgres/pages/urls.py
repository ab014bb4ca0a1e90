from django.urls import path

from pages import views

urlpatterns = [
    path("", views.describe),
    path("healthz", views.check_health),
    path("notes", views.list_notes),
]
