"""Reading facts: dates, figures, periods and cadences as the cases write them."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.oracles.harness import Unreadable

from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.money import Money

CENTS = 100
_NO_YEAR = 2001
_CADENCES = {
    "DAILY": Cadence(CadenceUnit.DAY),
    "WEEKLY": Cadence(CadenceUnit.WEEK),
    "BIWEEKLY": Cadence(CadenceUnit.WEEK, 2),
    "SEMI_MONTHLY": Cadence(CadenceUnit.SEMI_MONTH),
    "THIRTY_DAYS": Cadence(CadenceUnit.DAY, 30),
    "THIRTY_ONE_DAYS": Cadence(CadenceUnit.DAY, 31),
    "SIXTY_DAYS": Cadence(CadenceUnit.DAY, 60),
    "NINETY_DAYS": Cadence(CadenceUnit.DAY, 90),
    "MONTHLY": Cadence(CadenceUnit.MONTH),
    "BIMESTRIAL": Cadence(CadenceUnit.MONTH, 2),
    "QUARTERLY": Cadence(CadenceUnit.MONTH, 3),
    "TRIANNUAL": Cadence(CadenceUnit.MONTH, 4),
    "BIANNUAL": Cadence(CadenceUnit.MONTH, 6),
    "SEMIANNUAL": Cadence(CadenceUnit.MONTH, 6),
    "ANNUAL": Cadence(CadenceUnit.YEAR),
    "YEARLY": Cadence(CadenceUnit.YEAR),
    "SESQUIENNIAL": Cadence(CadenceUnit.MONTH, 18),
    "BIENNIAL": Cadence(CadenceUnit.YEAR, 2),
    "TRIENNIAL": Cadence(CadenceUnit.YEAR, 3),
}
_UNITS = {"day": CadenceUnit.DAY, "week": CadenceUnit.WEEK, "month": CadenceUnit.MONTH, "year": CadenceUnit.YEAR}


def day(text: Any) -> date:
    """Return a date written by ISO 8601, or as `Jan 15`, then in a common year."""
    if isinstance(text, date):
        return text
    for written, form in ((str(text), "%Y-%m-%d"), (f"{text} {_NO_YEAR}", "%b %d %Y")):
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise Unreadable(f"{text!r} is no date")


def day_or_none(text: Any) -> date | None:
    """Return a date, or None."""
    return None if text is None else day(text)


def instant(text: str) -> datetime:
    """Return an instant; one without a zone is in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except (ValueError, TypeError):
        raise Unreadable(f"{text!r} is no instant") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def figure(value: Any) -> Decimal:
    """Return an exact figure from text or a whole number."""
    if isinstance(value, bool) or value is None:
        raise Unreadable(f"{value!r} is no figure")
    try:
        found = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise Unreadable(f"{value!r} is no figure") from None
    return found


def money(value: Any, code: str = "USD") -> Money:
    """Return an amount."""
    return Money.of(figure(value), code)


def cents(value: Any, code: str = "EUR") -> Money:
    """Return an amount that is given in cents."""
    return Money.of(figure(value) / CENTS, code)


def in_cents(amount: Money) -> Decimal:
    """Return an amount in cents."""
    return amount.amount * CENTS


def cadence(name: str) -> Cadence:
    """Return a cadence by its name, such as MONTHLY or monthly."""
    found = _CADENCES.get(str(name).strip().upper().replace("-", "_").replace(" ", "_"))
    if found is None:
        raise Unreadable(f"{name!r} is no cadence")
    return found


def length(text: str) -> Cadence:
    """Return a length such as `6 MONTHS`, `30-day` or `1 week` as a cadence."""
    match = re.fullmatch(r"(\d+)[ -]?(day|week|month|year)s?", str(text).strip().lower())
    if match is None:
        raise Unreadable(f"{text!r} is no length")
    return Cadence(_UNITS[match[2]], int(match[1]))


def one_of(text: Any, known: Sequence[str]) -> str:
    """Return a word that must be one of some."""
    if text not in known:
        raise Unreadable(f"{text!r} is none of {', '.join(known)}")
    return str(text)
