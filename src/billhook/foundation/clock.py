"""The only place in the product that asks what time it is."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from billhook.foundation.models.companies import Company


def now() -> datetime:
    """Return the machine's time as an aware UTC instant."""
    return datetime.now(UTC)


def company_now(company: Company) -> datetime:
    """Return the company's time: a sandbox company lives on its own movable clock, every other on the machine's."""
    if company.sandbox and company.clock_at is not None:
        return company.clock_at
    return now()


def company_today(company: Company) -> date:
    """Return the company's local date at its own time."""
    return company_now(company).astimezone(ZoneInfo(company.zone)).date()
