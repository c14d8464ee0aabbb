"""The one door to the API: key, permission, body, idempotency, and one transaction around it all."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import structlog
from django.db import DatabaseError, IntegrityError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from psycopg.errors import UniqueViolation

from billhook.core.errors import Refusal
from billhook.foundation import answers, clock
from billhook.foundation.permissions import Permission
from billhook.foundation.scope import company_scope
from billhook.interfaces.api import bodies
from billhook.interfaces.api.keyholders import Keyholder, arrive
from billhook.interfaces.api.problems import problem, refused

JSON = "application/json; charset=utf-8"
LONGEST_KEY = 128
View = Callable[..., HttpResponse]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How an address is asked: by which method, with which permissions, and whether it changes the books."""

    method: str
    permissions: tuple[Permission, ...]
    changes: bool = False


@dataclass(frozen=True)
class Door:
    """A view of the API behind its key and permissions; what it answers with 400 or above has changed nothing."""

    csrf_exempt: ClassVar[bool] = True  # a key is sent on purpose, never by a browser of itself

    route: Route
    view: View

    @property
    def permission(self) -> Permission:
        """Return what is asked for first."""
        return self.route.permissions[0]

    def __call__(self, request: HttpRequest, company: str, **arguments: object) -> HttpResponse:
        """Answer a program."""
        if request.method != self.route.method:
            return _wrong_method(self.route.method)
        holder = arrive(request, company, self.route.permissions)
        if isinstance(holder, HttpResponse):
            return holder
        structlog.contextvars.bind_contextvars(company=company, actor=str(holder.key))
        asked: Any = request
        asked.holder = holder
        try:
            asked.given = bodies.read(request) if request.method == "POST" else None
            return self._answer(request, holder, company=company, **arguments)
        except Refusal as refusal:
            return refused(refusal, request.method)
        except DatabaseError as trouble:
            return _in_the_way(trouble)

    def _answer(self, request: HttpRequest, holder: Keyholder, **arguments: object) -> HttpResponse:
        """Answer in one transaction of the company; under an idempotency key, once."""
        key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
        if (key or self.route.changes) and not _is_sound(key):
            return problem(400, "no_idempotency_key", KEY_WANTED)
        zone = timezone.override(holder.company.zone)
        with company_scope(holder.company), zone, transaction.atomic():  # the inner one can be taken back alone
            kept = answers.claim(key, fingerprint_of(request), now=clock.now()) if key else None
            if kept is not None:
                return HttpResponse(bytes(kept.body), status=kept.status, content_type=JSON)
            answer = self.view(request, **arguments)
            if answer.status_code >= 400:  # noqa: PLR2004 (client errors begin here)
                transaction.set_rollback(True)
            elif key:
                answers.keep(key, status=answer.status_code, body=answer.content)
            return answer


def _wrong_method(right: str) -> HttpResponse:
    answer = problem(405, "wrong_method", f"This address answers to {right} alone.")
    answer["Allow"] = right
    return answer


KEY_WANTED = (
    f"Send an Idempotency-Key of 1 to {LONGEST_KEY} visible characters, such as a random UUID, "
    "and the same one when you send this request again."
)


def _is_sound(key: str) -> bool:
    return 0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()


def fingerprint_of(request: HttpRequest) -> str:
    """Return a hash of what is asked: method, address and body, however the body is spaced and ordered."""
    asked: Any = request
    body = json.dumps(asked.given, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n{body}".encode()).hexdigest()


def _in_the_way(trouble: DatabaseError) -> HttpResponse:
    """Answer where another request was in the way; everything else goes on to whoever mends it.

    Raises:
        DatabaseError: something that asking again would not mend.
    """
    if isinstance(trouble, IntegrityError) and isinstance(trouble.__cause__, UniqueViolation):
        log.warning("two requests collided", trouble=str(trouble))
        return problem(
            409, "collided", "Somebody did the same at the same time: look at what is there, then ask again."
        )
    if isinstance(trouble, OperationalError):
        log.warning("the database was busy", trouble=str(trouble))
        answer = problem(503, "busy", "The books are busy; nothing was changed. Ask again in a moment.")
        answer["Retry-After"] = "1"
        return answer
    raise trouble
