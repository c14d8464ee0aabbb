"""How often somebody tried something of late: counted in the database, so that all processes count together."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from billhook.foundation.models.doors import AttemptCount

REMEMBERED = timedelta(days=1)

COUNT = """
insert into foundation_attemptcount as counted (what, who, opened_at, count) values (%s, %s, %s, 1)
on conflict (what, who) do update set
    count = case when counted.opened_at > %s then counted.count + 1 else 1 end,
    opened_at = case when counted.opened_at > %s then counted.opened_at else excluded.opened_at end
returning count
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How often one may try something: at most `most` times `within` a stretch that begins with the first try."""

    what: str
    most: int
    within: timedelta


def passes(limit: Limit, who: str, *, at: datetime) -> bool:
    """Count one more attempt and return whether it lies within a limit.

    Call it outside the transaction of what is tried, so that it counts whatever becomes of that.

    Args:
        limit: how often.
        who: an address or anything that tells those who try apart; only its hash is kept.
        at: the machine's time.
    """
    opened_since = at - limit.within
    digest = hashlib.sha256(who.encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [limit.what, digest, at, opened_since, opened_since])
        return bool(cursor.fetchone()[0] <= limit.most)


def forget(now: datetime) -> int:
    """Remove the counts that were opened more than a day ago, and return how many."""
    removed, _ = AttemptCount.objects.filter(opened_at__lt=now - REMEMBERED).delete()
    return removed
