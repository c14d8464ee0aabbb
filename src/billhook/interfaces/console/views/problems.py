"""The pages that stand where another one cannot: unknown, not allowed, broken."""

from django.http import HttpRequest, HttpResponse

from billhook.foundation.events import request_id
from billhook.interfaces.console.access import problem


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is no such page, and why where the reason is known."""
    reason = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    detail = reason or "The address may be old. Search from the overview."
    return problem(request, 404, "This page does not exist", detail)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that something is not allowed."""
    return problem(request, 403, "This is not allowed", str(exception) or "Ask an administrator.")


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was not sent from its own page, or from one that is too old."""
    del reason
    return problem(request, 403, "This form is too old", "Go back, reload the page and send it again.")


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something unexpected happened; the log knows what."""
    detail = f"What was being done is undone. The log has the details under {request_id() or 'this time'}."
    return problem(request, 500, "Something unexpected happened", detail)
