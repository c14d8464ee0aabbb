"""What happens around every request: an id that its events and log lines carry, and a strict content policy."""

import re
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]

SOUND_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")
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
