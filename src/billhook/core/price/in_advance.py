"""Usage in advance, prorated tiers and true-ups: what a period still owes when usage is priced piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billhook.core import exact
from billhook.core.derivation import AtLeast, Fee, Less, Prorated, Step, run
from billhook.core.price import Charged, Priced, PriceModel
from billhook.core.price.graduated import Graduated
from billhook.core.price.tiers import Tier, opened
from billhook.core.proration import Proportion
from billhook.core.usage_steps import ProratedUnits


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceCharge:
    """What one event adds to what was billed: its units above the highest total so far, and the amount."""

    units: Decimal
    priced: Priced


def charge_in_advance(price: PriceModel, quantities: Sequence[Decimal]) -> tuple[AdvanceCharge, ...]:
    """Return what each event of a period is billed at once: the price of the total so far less what was billed.

    An event below zero lowers the total, and nothing is billed until it rises above its highest again.
    """
    charges = []
    total, highest, billed = exact.ZERO, exact.ZERO, None
    for quantity in quantities:
        total = exact.add(total, quantity)
        so_far = price.price(max(total, exact.ZERO))
        units = max(exact.subtract(total, highest), exact.ZERO)
        charge = owed(so_far, billed)
        charges.append(AdvanceCharge(units=units, priced=charge))
        highest = max(highest, total)
        billed = exact.add(billed or exact.ZERO, charge.amount)
    return tuple(charges)


def owed(so_far: Priced, billed: Decimal | None) -> Priced:
    """Return the price of everything so far less what was billed, never below zero; None: nothing was billed yet."""
    if billed is None:
        return so_far
    amount = max(exact.subtract(so_far.amount, billed), exact.ZERO)
    return Priced(amount=amount, steps=(*so_far.steps, Less(amount=billed), AtLeast(amount=exact.ZERO)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProratedEvent:
    """A change of a recurring quantity: the whole units, and the share of them that falls to the period."""

    units: Decimal
    share: Fraction


def prorated_tiers(price: Graduated, events: Sequence[ProratedEvent], *, carried: Decimal = exact.ZERO) -> Charged:
    """Return what changes of a recurring quantity cost where tiers are picked by the full quantity.

    Each event is placed by the running total of whole units, and its share of the period is priced at the tiers that
    its units lie in. Flat fees of the tiers that are entered stay whole, and are paid once.

    Args:
        price: the tiers.
        events: in the order of their time; units below zero are given back at the tiers they lie in.
        carried: the quantity at the start of the period, whose tiers are entered already.
    """
    steps: list[Step] = []
    total, highest = carried, carried
    for event in events:
        after = exact.add(total, event.units)
        steps.extend(_fees_entered(price.tiers, highest, after))
        steps.extend(_placed(price.tiers, event, total, after))
        total, highest = after, max(highest, after)
    return Charged(exact=run(steps), steps=tuple(steps))


def _fees_entered(tiers: Sequence[Tier], highest: Decimal, total: Decimal) -> Iterator[Step]:
    for tier, above in _with_floor(tiers):
        if tier.flat_fee and highest <= above < total:
            yield Fee(name="the tier's fee", amount=tier.flat_fee)


def _placed(tiers: Sequence[Tier], event: ProratedEvent, before: Decimal, after: Decimal) -> Iterator[Step]:
    """Yield the share of an event that lies in each tier; units below a total of zero lie in the first."""
    low, high = min(before, after), max(before, after)
    sign = -1 if after < before else 1
    for tier, above in _with_floor(tiers):
        bottom = min(low, above) if above == 0 else above
        top = high if tier.up_to is None or tier is tiers[-1] else tier.up_to
        units = exact.subtract(min(high, top), max(low, bottom))
        if units > 0:
            yield ProratedUnits(
                units=sign * units,
                share=event.share * sign * Fraction(units) / Fraction(event.units),
                unit_price=tier.unit_price,
                above=above,
                up_to=opened(tier, top).up_to,
            )


def _with_floor(tiers: Sequence[Tier]) -> Iterator[tuple[Tier, Decimal]]:
    above = exact.ZERO
    for tier in tiers:
        yield tier, above
        above = tier.up_to if tier.up_to is not None else above


def true_up(charged: Decimal, *, minimum: Decimal, part: Proportion) -> Charged:
    """Return what is missing to a minimum that is prorated with its period; nothing where enough was charged.

    Args:
        charged: fees of the price in the period, before coupons and tax.
        minimum: of a whole period.
        part: the part of the period that is billed.
    """
    steps: tuple[Step, ...] = (
        Fee(name="the minimum", amount=minimum),
        *(() if part.is_whole else (Prorated(used=part.used, whole=part.whole, basis=part.basis),)),
        Less(amount=charged),
        AtLeast(amount=exact.ZERO),
    )
    return Charged(exact=run(steps), steps=steps)
