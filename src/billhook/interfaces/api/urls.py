"""Addresses of the API; each is behind a door, and all others below it answer with a problem."""

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path

from billhook.interfaces.api import document
from billhook.interfaces.api.problems import problem
from billhook.interfaces.api.service import doors
from billhook.interfaces.console.access import public

app_name = "api"


@public
def unknown(request: HttpRequest, anything: str = "") -> HttpResponse:
    """Say that there is no such address."""
    del anything
    return problem(404, "unknown_address", f"There is no {request.path}: /api/v1/openapi.json names those there are.")


urlpatterns: list[URLPattern | URLResolver] = [
    path("openapi.json", document.show, name="document"),
    *(path(address, door, name=name) for address, door, name in doors()),
]
