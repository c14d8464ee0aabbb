"""Addresses of the whole installation."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("billhook.interfaces.console.urls")),
]

handler403 = "billhook.interfaces.console.views.problems.forbidden"
handler404 = "billhook.interfaces.console.views.problems.not_found"
handler500 = "billhook.interfaces.console.views.problems.broken"
