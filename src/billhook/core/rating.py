"""Rating: what one call costs, rounded once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

from billhook.core.derivation import AtLeast, AtMost, Derivation, Duration, Fee, Rounded, Step, run
from billhook.core.money import Currency, Money
from billhook.core.quantity import Increments
from billhook.core.ratecard import BeyondMaximum, Rate, RateCard
from billhook.core.rounding import Rounding, to_places
from billhook.core.spans import Span, billed_lengths, span_steps

RECORD_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it was made: digits dialled with country code, the local day it started, and seconds of speech.

    `origin` are the caller's digits, for decks over two numbers.
    """

    number: str
    day: date
    seconds: int
    answered: bool = True
    origin: str = ""

    @property
    def is_free(self) -> bool:
        """Return whether it costs nothing, for nobody answered or it had no length."""
        return self.seconds == 0 or not self.answered


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedCall:
    """What a call costs and why; no rate where it costs nothing because nobody answered."""

    amount: Money
    billed_seconds: int
    rate: Rate | None
    derivation: Derivation


def rate_call(
    card: RateCard, call: Call, *, decimals: int = RECORD_DECIMALS, mode: Rounding = Rounding.HALF_UP
) -> RatedCall:
    """Rate a call; an unanswered one, or one of no length, costs nothing.

    Args:
        card: the prices.
        call: what was measured.
        decimals: to which the amount is rounded, once, and from then on exact; at most 12.
        mode: how it is rounded.

    Raises:
        NoRateError: no prefix of the card matches the number on the day.
        IncrementError: the duration is below zero.
    """
    if call.is_free:
        return rated((), card.currency, decimals=decimals, mode=mode)
    rate = card.rate_for(call.number, call.day, origin=call.origin)
    if 0 < call.seconds <= rate.grace_seconds:
        return replace(rated((), card.currency, decimals=decimals, mode=mode), rate=rate)
    seconds = connected_seconds(rate, lambda length: call_steps(rate, length), call.seconds)
    found = rated((*call_steps(rate, seconds), *cap(rate)), card.currency, decimals=decimals, mode=mode)
    return replace(found, rate=rate, billed_seconds=sum(billed_lengths(rate_spans(rate, seconds))))


def connected_seconds(rate: Rate, steps: Callable[[int], tuple[Step, ...]], seconds: int) -> int:
    """Return the seconds of a call that are counted: fewer where its maximum charge disconnects it.

    Args:
        rate: of the start of the call.
        steps: to what a call of some seconds costs without a maximum.
        seconds: of the call.
    """
    if rate.maximum_charge is None or rate.beyond_maximum is not BeyondMaximum.DISCONNECT:
        return seconds
    return _longest(steps, Fraction(rate.maximum_charge), seconds)


def affordable_seconds(rate: Rate, available: Money, requested: int) -> int:
    """Return the longest call, of at most the seconds requested, that costs no more than is available."""
    return _longest(lambda length: call_steps(rate, length), Fraction(available.amount), requested)


def _longest(steps: Callable[[int], tuple[Step, ...]], available: Fraction, requested: int) -> int:
    low, high = 0, requested
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if run(steps(middle)) <= available else (low, middle - 1)
    return low


def rate_spans(rate: Rate, seconds: int) -> list[Span]:
    """Return the spans of a call at one rate: one, and one more for each slice that it reaches."""
    return sliced(rate, 0, max(seconds, rate.minimum_seconds) if seconds else 0)


def call_steps(rate: Rate, seconds: int) -> tuple[Step, ...]:
    """Return the steps to what a call at one rate costs, before its maximum and before it is rounded."""
    if not seconds:
        return ()
    if rate.slices:
        return (*fee(rate), *span_steps(rate_spans(rate, seconds)), *floor(rate))
    duration = Duration(
        prefix=rate.prefix,
        seconds=seconds,
        billed_seconds=rate.increments.count(seconds, minimum=rate.minimum_seconds),
        first=rate.first_increment,
        following=rate.next_increment,
        price=rate.price,
        per=rate.unit_seconds,
    )
    return (*fee(rate), duration, *floor(rate))


def fee(rate: Rate) -> tuple[Step, ...]:
    """Return the step of the connection fee, where there is one."""
    return (Fee(name="connection fee", amount=rate.connection_fee),) if rate.connection_fee else ()


def floor(rate: Rate) -> tuple[Step, ...]:
    """Return the step of the minimum charge, where there is one."""
    return (AtLeast(amount=rate.minimum_charge),) if rate.minimum_charge else ()


def cap(rate: Rate) -> tuple[Step, ...]:
    """Return the step of the maximum charge, where there is one."""
    return () if rate.maximum_charge is None else (AtMost(amount=rate.maximum_charge),)


def sliced(rate: Rate, start: int, end: int, band: str = "") -> list[Span]:
    """Return the spans of a call from one second to another, cut where the rate's slices start."""
    inside = [item.from_seconds for item in rate.slices if start < item.from_seconds < end]
    return [_span(rate, first, last - first, band) for first, last in pairwise([start, *inside, end])]


def _span(rate: Rate, start: int, length: int, band: str) -> Span:
    """Return a span at the price that holds from a second of the call."""
    reached = [item for item in rate.slices if item.from_seconds <= start]
    if not reached:
        return Span(length=length, price=rate.price, per=rate.unit_seconds, increments=rate.increments, band=band)
    found = reached[-1]
    own = Increments(found.increment, found.increment)
    return Span(length=length, price=found.price, per=found.unit_seconds, increments=own, band=band)


def rated(steps: tuple[Step, ...], currency: Currency, *, decimals: int, mode: Rounding) -> RatedCall:
    """Return what steps lead to, rounded once; nothing has no steps."""
    amount = Money(to_places(run(steps), decimals, mode), currency)
    derivation = Derivation((*steps, Rounded(places=decimals, mode=mode)) if steps else (), amount)
    return RatedCall(amount=amount, billed_seconds=0, rate=None, derivation=derivation)
