"""Service periods are claimed: each is billed once, and begins where the one before it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from billhook.billing.models import BilledPeriod
from billhook.core.errors import Refusal
from billhook.foundation.bulk import insert_rows
from billhook.foundation.scope import current_company_id


class PeriodGapError(Refusal):
    """Raised when a service period would be billed that does not begin where the last one ended."""

    def __init__(self, document: str, lower: date, upper: date) -> None:
        super().__init__(
            f"{document} would bill {lower} to before {upper}, which does not follow on what was billed before: "
            "look at the order line's versions."
        )


@dataclass(frozen=True, slots=True)
class ClaimedPeriod:
    """A service period of a line version, `upper` not included, and the document that bills it."""

    version_id: int
    kind: str
    lower: date
    upper: date
    document: str


GAPS = """
select claimed.document, claimed.lower, claimed.upper from billing_billedperiod claimed
where claimed.document = any(%s) and claimed.released_by = ''
  and claimed.lower <> coalesce(
      (select max(earlier.upper) from billing_billedperiod earlier
       where earlier.version_id = claimed.version_id and earlier.kind = claimed.kind and earlier.released_by = ''
         and earlier.lower < claimed.lower),
      claimed.lower)
limit 1
"""


def claim_periods(claims: Sequence[ClaimedPeriod]) -> int:
    """Store the periods that some documents bill and return how many.

    Raises:
        IntegrityError: a period was billed before; the whole transaction is void.
        PeriodGapError: a period does not begin where the last one ended.
    """
    company_id = current_company_id()
    stored = insert_rows(
        BilledPeriod,
        ("company", "version", "kind", "lower", "upper", "document", "released_by"),
        ((company_id, c.version_id, c.kind, c.lower, c.upper, c.document, "") for c in claims),
    )
    with connection.cursor() as cursor:
        cursor.execute(GAPS, [list({claim.document for claim in claims})])
        gap = cursor.fetchone()
    if gap is not None:
        raise PeriodGapError(*gap)
    return stored


@dataclass(frozen=True, slots=True)
class ReleasedPeriod:
    """Days of a line version, `upper` not included, that a document gives back of what an earlier one billed."""

    version_id: int
    lower: date
    upper: date
    billed_by: str
    document: str


def release_periods(released: Sequence[ReleasedPeriod]) -> int:
    """Write on billed periods which document gave back of them first, and return on how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            update billing_billedperiod billed set released_by = given.document
            from unnest(%s::bigint[], %s::date[], %s::date[], %s::text[], %s::text[])
                as given(version_id, lower, upper, billed_by, document)
            where billed.version_id = given.version_id and billed.document = given.billed_by
              and billed.lower <= given.lower and billed.upper >= given.upper and billed.released_by = ''
            """,
            [
                [row.version_id for row in released],
                [row.lower for row in released],
                [row.upper for row in released],
                [row.billed_by for row in released],
                [row.document for row in released],
            ],
        )
        return int(cursor.rowcount)
