"""Invoice dates: the date that an invoice bears, from which its terms count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from billhook.core.errors import Refusal
from billhook.core.period import ONE_DAY, Period


class InvoiceDateError(Refusal):
    """Grace that ends before it begins."""


class InvoiceDateBase(StrEnum):
    """What an invoice is dated by."""

    BILL_DATE = "bill_date"
    """The day of the bill: the default."""
    FIRST_START = "first_start"
    """The start of the earliest service period."""
    FIRST_END = "first_end"
    """The end of the earliest service period."""
    LAST_DAY = "last_day"
    """The last day of the latest service period that has ended, the day before a bill at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDating:
    """How a company dates invoices: by what, and how many days of grace before an invoice is final.

    With `keeps_base` the date stays where it is while the grace runs; else it moves to the day on which it is final.
    """

    base: InvoiceDateBase = InvoiceDateBase.BILL_DATE
    grace_days: int = 0
    keeps_base: bool = False

    def __post_init__(self) -> None:
        """Refuse a grace below zero."""
        if self.grace_days < 0:
            raise InvoiceDateError(f"A grace of {self.grace_days} days ends before the bill; give at least 0.")

    def final_on(self, billed_on: date) -> date:
        """Return the day on which an invoice is final."""
        return billed_on + timedelta(days=self.grace_days)

    def date_of(self, billed_on: date, periods: Sequence[Period] = ()) -> date:
        """Return the date of an invoice.

        Args:
            billed_on: the bill date.
            periods: the service periods of its lines; none for one that is not about periods, which is dated by its
                bill date.
        """
        if not periods:
            return self.final_on(billed_on)
        if not self.keeps_base and self.grace_days:
            return self.final_on(billed_on)
        return self._base(billed_on, periods)

    def _base(self, billed_on: date, periods: Sequence[Period]) -> date:
        if self.base is InvoiceDateBase.BILL_DATE:
            return billed_on
        if self.base is InvoiceDateBase.LAST_DAY:
            return max((period.end for period in periods if period.end <= billed_on), default=billed_on) - ONE_DAY
        first = min(periods)
        return first.start if self.base is InvoiceDateBase.FIRST_START else first.end
