"""Answers that are kept for a day under the key of their request, in the transaction of what the request did."""

from datetime import datetime, timedelta

from django.db import connection

from billhook.core.errors import Refusal
from billhook.foundation.models.doors import KeptAnswer
from billhook.foundation.scope import current_company_id

LASTS = timedelta(hours=24)

CLAIM = """
insert into foundation_keptanswer as kept (company_id, key, fingerprint, status, body, kept_at)
values (%s, %s, %s, 0, '', %s)
on conflict (company_id, key) do update
set fingerprint = excluded.fingerprint, status = 0, body = '', kept_at = excluded.kept_at
where kept.kept_at <= %s
"""


class KeyReusedError(Refusal):
    """Raised when an idempotency key comes back with another request."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The idempotency key {key} was used for another request within the last 24 hours: "
            "send each request under a key of its own."
        )


def claim(key: str, fingerprint: str, *, now: datetime) -> KeptAnswer | None:
    """Return the answer that was kept under a key, or None where the key is now this transaction's alone.

    Two who claim a key at once: the second waits until the first has committed or rolled back.

    Args:
        key: the client's own.
        fingerprint: of the request.
        now: the machine's time; what was kept 24 hours ago or earlier is forgotten.

    Raises:
        KeyReusedError: the key was used for another request.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [current_company_id(), key, fingerprint, now, now - LASTS])
        if cursor.rowcount:
            return None
    kept = KeptAnswer.objects.get(key=key)
    if kept.fingerprint != fingerprint:
        raise KeyReusedError(key)
    return kept


def kept(key: str) -> KeptAnswer | None:
    """Return the answer that was kept under a key, None where there is none or it is not given yet."""
    return KeptAnswer.objects.filter(key=key, status__gt=0).first()


def keep(key: str, *, status: int, body: bytes) -> None:
    """Keep an answer under a key that this transaction has claimed."""
    KeptAnswer.objects.filter(key=key).update(status=status, body=body)


def forget(now: datetime) -> int:
    """Remove the answers of the company in scope that were kept 24 hours ago or earlier, and return how many."""
    removed, _ = KeptAnswer.objects.filter(kept_at__lte=now - LASTS).delete()
    return removed
