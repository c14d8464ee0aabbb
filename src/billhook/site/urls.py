"""Addresses of the whole installation."""

from django.urls import URLPattern, URLResolver, include, path

from billhook.interfaces.api.urls import unknown

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("billhook.interfaces.api.urls")),
    path("api/", unknown, name="unknown-root"),
    path("api/<path:anything>", unknown, name="unknown"),
    path("", include("billhook.interfaces.console.urls")),
    path("", include("billhook.interfaces.portal.urls")),
]

handler403 = "billhook.interfaces.console.views.problems.forbidden"
handler404 = "billhook.interfaces.console.views.problems.not_found"
handler500 = "billhook.interfaces.console.views.problems.broken"
