"""Contracts: the minimum term, the notice that ends it, and what happens when nobody gives notice."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.errors import Refusal
from billhook.core.period import ONE_DAY, Period

_MONTH = Cadence(CadenceUnit.MONTH)
_YEAR = Cadence(CadenceUnit.YEAR)


class ContractError(Refusal):
    """A term or notice that has no length in days, or a day before the contract."""


class NoticeTo(StrEnum):
    """To which day notice ends a contract."""

    END_OF_TERM = "end_of_term"
    """The end of the term that runs: the default."""
    END_OF_PERIOD = "end_of_period"
    """The end of a period, once the minimum term is over."""


class Renewal(StrEnum):
    """How a contract goes on where nobody gives notice."""

    SAME_TERM = "same_term"
    """For another term as long as the first: the default."""
    MONTHLY = "monthly"
    """Month by month."""
    END = "end"
    """Not at all: it ends with its term, without notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """How notice is given.

    Args:
        length: days, weeks, months or years that lie between notice and end; None where none need to.
        to: to which day.
        period: whose ends count, for `end_of_period`, such as a quarter.
        anchor: from which these periods count; None for the start of the contract.
        day_counts: whether the day of the notice belongs to its length; else that begins on the next day
            (Regulation 1182/71, article 3).
    """

    length: Cadence | None = None
    to: NoticeTo = NoticeTo.END_OF_TERM
    period: Cadence | None = None
    anchor: date | None = None
    day_counts: bool = False

    def __post_init__(self) -> None:
        """Refuse a length in half months, and a period where none counts, or none where one does."""
        if self.length is not None and self.length.unit is CadenceUnit.SEMI_MONTH:
            raise ContractError(f"Notice of {self.length} has no length in days; give days, weeks, months or years.")
        if (self.to is NoticeTo.END_OF_PERIOD) != (self.period is not None):
            needs = "takes no period; leave it out" if self.period else "needs a period; give one such as a quarter"
            raise ContractError(f"Notice to the {self.to.replace('_', ' ')} {needs}.")

    def last_day(self, end: date) -> date:
        """Return the last day on which notice is in time for an end, which is the first day without the contract."""
        latest = end if self.length is None else self.length.nth(end, -1)
        return latest if self.day_counts else latest - ONE_DAY


NO_NOTICE = Notice()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What binds a customer: from when, for how long, how notice is given, and how it is renewed.

    Args:
        key: names the contract.
        start: its first day.
        term: how long the minimum term is.
        notice: how it is ended.
        renewal: what follows a term.
    """

    key: str
    start: date
    term: Cadence
    notice: Notice = NO_NOTICE
    renewal: Renewal = Renewal.SAME_TERM

    def __post_init__(self) -> None:
        """Refuse a term in half months."""
        if self.term.unit is CadenceUnit.SEMI_MONTH:
            raise ContractError(f"{self.key} has a term in half months; give days, weeks, months or years.")

    @property
    def minimum(self) -> Period:
        """Return the minimum term."""
        return Period(self.start, self.term.nth(self.start, 1))

    def term_on(self, day: date) -> Period | None:
        """Return the term that runs on a day where nobody gives notice; None after one that is not renewed.

        Raises:
            ContractError: it starts later.
        """
        if day < self.start:
            raise ContractError(f"{self.key} starts on {self.start}, after {day}; ask for a day from then on.")
        first = self.minimum
        if day in first:
            return first
        if self.renewal is Renewal.END:
            return None
        if self.renewal is Renewal.SAME_TERM:
            return self.term.containing(self.start, day)
        return _MONTH.containing(self._monthly_from, day)

    def ends_on(self, notified_on: date | None) -> date | None:
        """Return the first day without the contract, None where it goes on.

        Args:
            notified_on: the day on which notice was received, which may lie before the start; None without notice.
        """
        if self.renewal is Renewal.END:
            return self.minimum.end
        return None if notified_on is None else self._earliest_end(notified_on)

    def rest(self, day: date) -> Period:
        """Return the days for which a customer who gives notice on a day is still bound; empty where there are none."""
        end = self.ends_on(day) or day
        return Period(min(max(day, self.start), end), end)

    def anniversaries(self, day: date) -> tuple[date, ...]:
        """Return the anniversaries of the start up to and including a day, oldest first."""
        return anniversaries(self.start, day)

    @property
    def _monthly_from(self) -> date:
        """Return from when months count: the start, to whose day they return, unless the term is not in months."""
        return self.start if self.term.same_family(_MONTH) else self.minimum.end

    def _earliest_end(self, notified_on: date) -> date:
        """Return the first end for which notice is in time."""
        end = self._end_after(max(notified_on, self.start))
        while self.notice.last_day(end) < notified_on:
            end = self._end_after(end)
        return end

    def _end_after(self, day: date) -> date:
        """Return the first day after another on which notice may end the contract."""
        first = self.minimum.end
        if self.notice.period is None:
            term = self.term_on(day)
            return term.end if term else first
        return self.notice.period.after(self.notice.anchor or self.start, max(day, first - ONE_DAY))


def anniversaries(start: date, day: date) -> tuple[date, ...]:
    """Return the anniversaries of a start up to and including a day, oldest first; 29 February clamps and returns."""
    return tuple(_YEAR.nth(start, n) for n in range(1, _YEAR.index(start, day) + 1))
