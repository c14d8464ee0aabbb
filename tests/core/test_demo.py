"""The example that must always work: 20.00 a month in advance and 0.05 a minute in arrears make 25.00."""

from datetime import date
from decimal import Decimal

import pytest

from billhook.core.agreement import AgreedLine, Agreement, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.derivation import recompute, sentence
from billhook.core.draft import bill, from_bytes, inputs_fingerprint, to_bytes
from billhook.core.money import Money, currency
from billhook.core.period import Period
from billhook.core.price.flat import Flat
from billhook.core.usage import UsageCharge

EUR = currency("EUR")
MONTH = Cadence(CadenceUnit.MONTH)
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
APRIL = Period(date(2026, 4, 1), date(2026, 5, 1))


def voice(*, billed_through: date | None, next_bill: date) -> Agreement:
    """Return what Harbour Bakery agreed with Kestrel Networks on 1 March."""
    fee = AgreedLine(
        key="1001/1",
        description="Voice",
        kind=ChargeKind.RECURRING,
        active_from=MARCH.start,
        cadence=MONTH,
        price=Flat(currency=EUR, amount=Decimal("20.00")),
        billed_through=billed_through,
        product="voice",
    )
    calls = AgreedLine(
        key="1001/2",
        description="Calls",
        kind=ChargeKind.USAGE,
        timing=Timing.IN_ARREARS,
        active_from=MARCH.start,
        cadence=MONTH,
        unit="minute",
        product="calls",
        position=1,
    )
    return Agreement(
        customer="1001",
        currency=EUR,
        cycle=Cycle(cadence=MONTH, anchor=MARCH.start, next_bill=next_bill),
        lines=(fee, calls),
    )


def day_of_calls(day: int, minutes: str, reference: str) -> UsageCharge:
    """Return the calls of one day of March at 0.05 a minute."""
    start = date(2026, 3, day)
    return UsageCharge(
        line="1001/2",
        period=Period.day(start),
        quantity=Decimal(minutes),
        unit="minute",
        amount=Decimal(minutes) * Decimal("0.05"),
        records=3,
        charges=(reference,),
    )


def test_the_first_bill_is_march_in_advance() -> None:
    draft = bill(voice(billed_through=None, next_bill=MARCH.start), (), MARCH.start)
    assert draft is not None
    assert str(draft.total) == "20.00 EUR"
    assert [(line.description, line.period) for line in draft.lines] == [("Voice", MARCH)]
    assert [(claim.line_key, claim.period) for claim in draft.billed] == [("1001/1", MARCH)]


def test_the_second_bill_is_april_in_advance_and_the_calls_of_march() -> None:
    usage = (day_of_calls(3, "33.3", "a"), day_of_calls(17, "66.7", "b"))
    draft = bill(voice(billed_through=APRIL.start, next_bill=APRIL.start), usage, APRIL.start)
    assert draft is not None
    assert draft.total == draft.net == Money.of("25.00", EUR)
    fee, calls = draft.lines
    assert (fee.period, fee.amount) == (APRIL, Money.of("20.00", EUR))
    assert (calls.period, calls.amount, calls.quantity) == (MARCH, Money.of("5.00", EUR), Decimal(100))
    assert calls.charges == ("a", "b")
    assert [claim.period for claim in draft.billed] == [APRIL, MARCH]
    assert sentence(calls.derivation) == (
        "6 usage records, 100 minutes in all, rated at 5, rounded to 2 decimals (half up): 5.00 EUR."
    )


@pytest.mark.parametrize("as_of", [date(2026, 3, 1), date(2026, 4, 1), date(2026, 6, 15)])
def test_a_stored_draft_is_the_draft(as_of: date) -> None:
    usage = (day_of_calls(3, "33.3", "a"), day_of_calls(17, "66.7", "b"))
    agreement = voice(billed_through=None, next_bill=MARCH.start)
    draft = bill(agreement, usage, as_of)
    assert draft is not None
    assert from_bytes(to_bytes(draft)) == draft
    assert to_bytes(from_bytes(to_bytes(draft))) == to_bytes(draft)
    assert all(recompute(line.derivation) == line.amount for line in draft.lines)


def test_the_order_of_lines_and_usage_has_no_meaning() -> None:
    agreement = voice(billed_through=None, next_bill=MARCH.start)
    turned = Agreement(
        customer="1001",
        currency=EUR,
        cycle=agreement.cycle,
        lines=tuple(reversed(agreement.lines)),
    )
    usage = (day_of_calls(3, "33.3", "a"), day_of_calls(17, "66.7", "b"))
    first, second = bill(agreement, usage, APRIL.start), bill(turned, usage[::-1], APRIL.start)
    assert first is not None
    assert second is not None
    assert to_bytes(first) == to_bytes(second)
    assert inputs_fingerprint(agreement, usage, APRIL.start) == inputs_fingerprint(turned, usage[::-1], APRIL.start)
    assert inputs_fingerprint(agreement, usage, APRIL.start) != inputs_fingerprint(agreement, (), APRIL.start)


def test_nothing_due_is_no_bill() -> None:
    agreement = voice(billed_through=APRIL.start, next_bill=APRIL.start)
    assert bill(agreement, (), date(2026, 3, 15)) is None
    assert bill(voice(billed_through=None, next_bill=MARCH.start), (), date(2026, 2, 28)) is None
