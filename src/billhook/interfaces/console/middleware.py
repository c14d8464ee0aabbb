"""What happens around every request: an id for its events and log lines, a strict policy, sound text, no copies."""

import re
import uuid
from collections.abc import Callable, Iterator

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict

from billhook.interfaces.console.access import problem

Answer = Callable[[HttpRequest], HttpResponse]

SOUND_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""No text of the books holds one; tabs and ends of lines are not among them."""
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class RequestIdMiddleware:
    """Gives each request an id, the caller's own where it is sound, and answers with it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request under its id."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if SOUND_ID.fullmatch(given) else uuid.uuid4().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ContentSecurityPolicyMiddleware:
    """Tells the browser that everything comes from here: no other host, no inline script, no inline style, no frame."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request with the policy."""
        response = self.get_response(request)
        response["Content-Security-Policy"] = POLICY
        return response


class NeverStoredMiddleware:
    """Tells the browser, and all between, to keep no copy: after signing out, nothing can be read by going back."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request for this person alone."""
        response = self.get_response(request)
        response["Cache-Control"] = "private, no-store"
        return response


class SoundTextMiddleware:
    """Refuses control characters in whatever a request brings: no text of the books holds one, and none may."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request whose text is sound."""
        if any(CONTROL.search(text) for text in texts_of(request)):
            detail = "The address or a field holds a character that no text has: go back, remove it and send it again."
            return problem(request, 400, "This cannot be read", detail)
        return self.get_response(request)


def texts_of(request: HttpRequest) -> Iterator[str]:
    """Yield the path, the session's key, and the names and values of all fields and files of a request."""
    yield request.path
    yield request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    for fields in (request.GET, request.POST):
        yield from _texts(fields)
    for name, files in request.FILES.lists():
        yield from (name, *(str(file.name) for file in files))


def _texts(fields: QueryDict) -> Iterator[str]:
    for name, values in fields.lists():
        yield from (name, *map(str, values))
