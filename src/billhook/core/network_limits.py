"""Limits of the card and bank networks, kept as dated data: what an answer of theirs says about the next attempt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billhook.core.errors import Refusal


class NetworkLimitError(Refusal):
    """An answer that no network gives."""


class Next(StrEnum):
    """What may follow a decline."""

    LATER = "later"
    """Another attempt, after a wait."""
    AFTER_UPDATE = "after_update"
    """Another attempt with new credentials, which the network offers."""
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a network advises after a decline, and how long to wait where it says so."""

    next: Next
    wait: timedelta | None = None

    def not_before(self, declined_at: datetime) -> datetime | None:
        """Return the first instant of another attempt, or None for never."""
        return None if self.next is Next.NEVER else declined_at + (self.wait or timedelta(0))


# Mastercard Merchant Advice Codes (Transaction Processing Rules, 2023 and later). 02 names no wait; 72 hours is the
# rule of its Transaction Excellence programme.
_MERCHANT_ADVICE: Mapping[str, Advice] = {
    "01": Advice(next=Next.AFTER_UPDATE),
    "02": Advice(next=Next.LATER, wait=timedelta(hours=72)),
    "03": Advice(next=Next.NEVER),
    "21": Advice(next=Next.NEVER),
    "24": Advice(next=Next.LATER, wait=timedelta(hours=1)),
    "25": Advice(next=Next.LATER, wait=timedelta(hours=24)),
    "26": Advice(next=Next.LATER, wait=timedelta(days=2)),
    "27": Advice(next=Next.LATER, wait=timedelta(days=4)),
    "28": Advice(next=Next.LATER, wait=timedelta(days=6)),
    "29": Advice(next=Next.LATER, wait=timedelta(days=8)),
    "30": Advice(next=Next.LATER, wait=timedelta(days=10)),
    "40": Advice(next=Next.NEVER),
    "41": Advice(next=Next.NEVER),
}


def mastercard_advice(code: str) -> Advice:
    """Return what a Mastercard Merchant Advice Code says.

    Raises:
        NetworkLimitError: there is no such code.
    """
    if code not in _MERCHANT_ADVICE:
        raise NetworkLimitError(f"Mastercard has no merchant advice code {code!r}; treat the decline by its class.")
    return _MERCHANT_ADVICE[code]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinitiation:
    """How often a returned debit may be presented again, for which reasons, and within how many days."""

    reasons: frozenset[str]
    most: int
    window_days: int

    def allows(self, reason: str, *, presented_again: int, first_on: date, on: date) -> bool:
        """Return whether a returned debit may be presented again on a day."""
        in_time = (on - first_on).days <= self.window_days
        return reason in self.reasons and presented_again < self.most and in_time


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLimit:
    """The greatest share of debits that may be returned for some reasons; no reasons stand for all."""

    name: str
    reasons: frozenset[str]
    percent: Decimal

    def rate(self, returned: int, debits: int) -> Fraction:
        """Return the share of returned debits in percent; none where nothing was debited."""
        return Fraction(returned * 100, debits) if debits else Fraction(0)

    def is_exceeded(self, returned: int, debits: int) -> bool:
        """Return whether more came back than the limit allows."""
        return self.rate(returned, debits) > Fraction(self.percent)


# Nacha Operating Rules: subsection 2.12.4 (reinitiation), section 2.17 (return rates over 60 days, since 2015-09-18).
NACHA_REINITIATION = Reinitiation(reasons=frozenset({"R01", "R09"}), most=2, window_days=180)
NACHA_RETURN_LIMITS = (
    ReturnLimit(
        name="unauthorized",
        reasons=frozenset({"R05", "R07", "R10", "R11", "R29", "R51"}),
        percent=Decimal("0.5"),
    ),
    ReturnLimit(name="administrative", reasons=frozenset({"R02", "R03", "R04"}), percent=Decimal(3)),
    ReturnLimit(name="overall", reasons=frozenset(), percent=Decimal(15)),
)


def retryable(reasons: Iterable[str], rule: Reinitiation = NACHA_REINITIATION) -> bool:
    """Return whether debits that were returned for some reasons may all be presented again."""
    return all(reason in rule.reasons for reason in reasons)
