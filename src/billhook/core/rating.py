"""Rating: what one call costs, rounded once."""

from dataclasses import dataclass
from datetime import date

from billhook.core.derivation import AtLeast, Derivation, Duration, Fee, Rounded, Step, run
from billhook.core.money import Money
from billhook.core.ratecard import Rate, RateCard
from billhook.core.rounding import Rounding, to_places

RECORD_DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call as it was made: digits dialled with country code, the local day it started, and seconds of speech."""

    number: str
    day: date
    seconds: int
    answered: bool = True


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
    if call.seconds == 0 or not call.answered:
        nothing = Money(to_places(Money.zero(card.currency).amount, decimals), card.currency)
        return RatedCall(amount=nothing, billed_seconds=0, rate=None, derivation=Derivation((), nothing))
    rate = card.rate_for(call.number, call.day)
    billed = rate.increments.count(call.seconds, minimum=rate.minimum_seconds)
    steps = (*_steps(rate, call.seconds, billed), Rounded(places=decimals, mode=mode))
    amount = Money(to_places(run(steps), decimals, mode), card.currency)
    return RatedCall(amount=amount, billed_seconds=billed, rate=rate, derivation=Derivation(steps, amount))


def _steps(rate: Rate, seconds: int, billed: int) -> tuple[Step, ...]:
    fee = (Fee(name="connection fee", amount=rate.connection_fee),) if rate.connection_fee else ()
    floor = (AtLeast(amount=rate.minimum_charge),) if rate.minimum_charge else ()
    duration = Duration(
        prefix=rate.prefix,
        seconds=seconds,
        billed_seconds=billed,
        first=rate.first_increment,
        following=rate.next_increment,
        price=rate.price,
        per=rate.unit_seconds,
    )
    return (*fee, duration, *floor)
