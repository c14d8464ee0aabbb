"""Forms that count once: each carries a key, and a session remembers the keys that were used last."""

import re
import uuid
from typing import Any

from django.contrib.sessions.models import Session
from django.http import HttpRequest

from billhook.core.errors import Refusal
from billhook.interfaces.console.components import Field, FieldKind

NAME = "once"
USED = "used_forms"
REMEMBERED = 50
SOUND_KEY = re.compile(r"[0-9a-f]{32}")


class StaleFormError(Refusal):
    """Raised when a form that counts once comes without its key."""

    def __init__(self) -> None:
        super().__init__("This form is too old: reload the page and send it again.")


def key_field() -> Field:
    """Return the hidden field with a key that no other form has."""
    return Field(NAME, kind=FieldKind.HIDDEN, value=uuid.uuid4().hex)


def was_used(request: HttpRequest) -> bool:
    """Return whether the form was sent before, and make whoever sends it at the same time wait for our transaction.

    Call it in the transaction that does what the form asks for, and `mark_used` when that is done.

    Raises:
        StaleFormError: it has no sound key.
    """
    if not SOUND_KEY.fullmatch(_key(request)):
        raise StaleFormError
    return _key(request) in _used_in(request)


def mark_used(request: HttpRequest) -> None:
    """Remember that the form was used; it counts with the transaction."""
    session: Any = request.session
    session[USED] = [*_used_in(request), _key(request)][-REMEMBERED:]
    session.save()


def _key(request: HttpRequest) -> str:
    return request.POST.get(NAME, "")


def _used_in(request: HttpRequest) -> list[str]:
    """Return the keys as they stand now, not as they stood when the request began."""
    row = Session.objects.select_for_update().filter(session_key=request.session.session_key).first()
    return row.get_decoded().get(USED, []) if row else []
