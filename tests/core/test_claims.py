"""Claims and duties: refunds, exchange, credit notes, thresholds, dunning, networks, value added tax."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core.ageing import Receivable
from billhook.core.credit_note import CreditNoteError, Invoiced, credit_note, running_tax
from billhook.core.dunning import Condition, DunningError, highest, overdue
from billhook.core.exchange import ExchangeError, ExchangeRate, ExchangeTable
from billhook.core.money import Money, currency, sum_money
from billhook.core.network_limits import (
    NACHA_REINITIATION,
    NACHA_RETURN_LIMITS,
    NetworkLimitError,
    Next,
    mastercard_advice,
    retryable,
)
from billhook.core.refund import RefundError, chargeback, refund
from billhook.core.settlement import Allocation, Standing
from billhook.core.spending import ThresholdError, Thresholds, progressive
from billhook.core.vat import CustomerKind, Place, Scheme, VatError, treatment
from billhook.core.vat_id import is_vat_id

EUR, USD, JPY = currency("EUR"), currency("USD"), currency("JPY")
DAY = date(2026, 3, 1)
CENTS = st.integers(0, 10**6).map(lambda count: Money.of(Decimal(count) / 100, EUR))


def eur(amount: int | str) -> Money:
    """Return an amount in euro."""
    return Money.of(amount, EUR)


def test_a_refund_takes_the_unallocated_part_then_the_newest_allocations() -> None:
    allocations = [Allocation("old", eur(40)), Allocation("new", eur(30))]
    found = refund(eur(60), paid=eur(100), allocations=allocations)
    assert (found.unallocated, found.undone) == (eur(30), (Allocation("new", eur(30)),))
    more = refund(eur(80), paid=eur(100), allocations=allocations)
    assert more.undone == (Allocation("new", eur(30)), Allocation("old", eur(20)))
    chosen = refund(eur(10), paid=eur(100), allocations=allocations, chosen=["old"])
    assert (chosen.unallocated, chosen.undone) == (eur(0), (Allocation("old", eur(10)),))
    assert chargeback(allocations) == tuple(reversed(allocations))
    for amount in (eur(0), eur(101)):
        with pytest.raises(RefundError, match="cannot be refunded"):
            refund(amount, paid=eur(100), allocations=allocations)


@given(st.lists(CENTS, max_size=4), CENTS, st.data())
def test_a_refund_undoes_exactly_what_it_pays_back(parts: list[Money], free: Money, data: st.DataObject) -> None:
    allocations = [Allocation(str(place), amount) for place, amount in enumerate(parts)]
    paid = sum_money([*parts, free], EUR)
    if not paid:
        return
    back = data.draw(st.integers(1, int(paid.amount * 100)))
    found = refund(Money.of(Decimal(back) / 100, EUR), paid=paid, allocations=allocations)
    undone = sum_money((item.amount for item in found.undone), EUR)
    assert found.unallocated + undone == Money.of(Decimal(back) / 100, EUR)
    assert found.unallocated <= free
    assert not undone or found.unallocated == free


def test_an_invoice_stands_at_what_is_claimed_less_what_is_paid() -> None:
    paid = Standing(charged=eur(100), credited=eur(10), paid=eur(100), refunded=eur(0))
    assert (paid.claimed, paid.balance, paid.credit) == (eur(90), eur(-10), eur(10))
    back = Standing(charged=eur(100), credited=eur(10), paid=eur(100), refunded=eur(10))
    assert (back.balance, back.credit) == (eur(0), eur(0))


def test_exchange_goes_through_the_pivot_at_the_rates_of_the_day() -> None:
    table = ExchangeTable(
        pivot=EUR,
        rates=(
            ExchangeRate(currency=USD, per_pivot=Decimal("1.10")),
            ExchangeRate(currency=USD, per_pivot=Decimal("1.25"), valid_from=DAY),
            ExchangeRate(currency=JPY, per_pivot=Decimal(160), valid_from=DAY),
        ),
    )
    assert table.convert(Money.of(11, USD), EUR, DAY - timedelta(days=1)) == eur(10)
    assert table.convert(Money.of(10, USD), JPY, DAY) == Money.of(1280, JPY)
    assert table.convert(eur("0.07"), JPY, DAY) == Money.of(11, JPY)
    with pytest.raises(ExchangeError, match="no exchange rate of JPY"):
        table.convert(eur(1), JPY, DAY - timedelta(days=1))
    with pytest.raises(ExchangeError, match="buys nothing"):
        ExchangeRate(currency=USD, per_pivot=Decimal(0))
    with pytest.raises(ExchangeError, match="same day"):
        ExchangeTable(pivot=EUR, rates=(table.rates[0], table.rates[0]))


@given(CENTS.filter(bool), st.decimals(0, 50, places=2), st.lists(st.integers(1, 99), min_size=1, max_size=5))
def test_credit_notes_on_one_invoice_sum_to_it(net: Money, percent: Decimal, cuts: list[int]) -> None:
    tax = (net * (percent / 100)).rounded()
    zero = Money.zero(EUR)
    given_net, given_tax = zero, zero
    weights = [*cuts, 1]
    for place in range(len(weights)):
        left = net - given_net
        part = left if place == len(weights) - 1 else (left * Decimal(weights[place]) * Decimal("0.01")).rounded()
        if not part:
            continue
        note = credit_note(Invoiced(net=net, tax=tax, credited_net=given_net, credited_tax=given_tax), part)
        given_net, given_tax = given_net + note.net, given_tax + note.tax
        assert note.total == note.net + note.tax
    assert (given_net, given_tax) == (net, tax)


def test_more_than_was_invoiced_cannot_be_credited() -> None:
    invoiced = Invoiced(net=eur(100), tax=eur(20), credited_net=eur(90), credited_tax=eur(18))
    with pytest.raises(CreditNoteError, match="EUR left"):
        credit_note(invoiced, eur("10.01"))
    first = running_tax(eur("0.03"), Decimal(20), credited_net=eur(0), credited_tax=eur(0))
    second = running_tax(eur("0.03"), Decimal(20), credited_net=eur("0.03"), credited_tax=first)
    assert (first, second) == (eur("0.01"), eur("0.00"))


def test_thresholds_are_reached_crossed_and_completed() -> None:
    found = Thresholds(fixed=(Fraction(100), Fraction(200)), recurring=Fraction(50))
    assert found.reached(Fraction(310)) == (100, 200, 250, 300)
    assert found.crossed(Fraction(99), Fraction(200)) == (100, 200)
    assert found.completion(Fraction(150)) == ((100, 1), (200, Fraction(1, 2)))
    assert found.completion(Fraction(260)) == ((100, 1), (200, 1), (250, 1), (300, Fraction(1, 5)))
    for fixed in ((), (Fraction(0),), (Fraction(5), Fraction(5))):
        if fixed:
            with pytest.raises(ThresholdError, match="rise"):
                Thresholds(fixed=fixed)
    with pytest.raises(ThresholdError):
        Thresholds(fixed=(), recurring=Fraction(0))


def test_reaching_a_threshold_invoices_all_so_far_less_what_was() -> None:
    spent = [eur(150), eur(180), eur(620)]
    assert progressive(spent, [eur(100), eur(500), eur(600)]) == (eur(150), eur(470))
    assert progressive(spent, [eur(1000)]) == ()


def test_dunning_conditions_count_days_invoices_and_balances() -> None:
    on = date(2026, 4, 1)
    open_ = [Receivable(DAY, eur(10)), Receivable(date(2026, 3, 20), eur(30)), Receivable(on, eur(99))]
    found = overdue([*open_, Receivable(DAY, Money.of(5, USD))], on)
    assert (found.days, found.invoices, found.balances) == (31, 3, (eur(40), Money.of(5, USD)))
    least = overdue(open_, on, ignored=(eur(20),))
    assert (least.days, least.invoices) == (12, 1)
    assert Condition(days=31).holds(found)
    assert not Condition(days=31, invoices=4).holds(found)
    assert Condition(balances=(Money.of(5, USD), eur(1000))).holds(found)
    assert not Condition(days=0).holds(overdue([], on))
    steps = [Condition(invoices=2), Condition(invoices=3), Condition(invoices=5)]
    assert highest(steps, found) == 2
    with pytest.raises(DunningError, match="names nothing"):
        Condition()
    with pytest.raises(DunningError, match="for everyone"):
        Condition(balances=(eur(0),))


def test_networks_say_what_may_follow() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    assert mastercard_advice("03").not_before(at) is None
    assert mastercard_advice("25").not_before(at) == at + timedelta(days=1)
    assert mastercard_advice("01").next is Next.AFTER_UPDATE
    with pytest.raises(NetworkLimitError, match="no merchant advice code"):
        mastercard_advice("99")
    assert NACHA_REINITIATION.allows("R01", presented_again=1, first_on=DAY, on=DAY + timedelta(days=180))
    assert not NACHA_REINITIATION.allows("R01", presented_again=2, first_on=DAY, on=DAY)
    assert not NACHA_REINITIATION.allows("R01", presented_again=0, first_on=DAY, on=DAY + timedelta(days=181))
    assert not retryable(["R01", "R02"])
    unauthorized = NACHA_RETURN_LIMITS[0]
    assert unauthorized.is_exceeded(51, 10000)
    assert not unauthorized.is_exceeded(50, 10000)
    assert unauthorized.rate(1, 0) == 0


@pytest.mark.parametrize(
    ("customer", "kind", "scheme"),
    [
        (Place("US"), CustomerKind.UNKNOWN, Scheme.OUTSIDE),
        (Place("DE"), CustomerKind.BUSINESS, Scheme.REVERSE_CHARGE),
        (Place("FR"), CustomerKind.BUSINESS, Scheme.STANDARD),
        (Place(""), CustomerKind.CONSUMER, Scheme.STANDARD),
        (Place("DE", "27498"), CustomerKind.CONSUMER, Scheme.TERRITORY),
        (Place("FR", "97200"), CustomerKind.BUSINESS, Scheme.TERRITORY),
        (Place("FR", "97200"), CustomerKind.CONSUMER, Scheme.STANDARD),
        (Place("FR", "75001"), CustomerKind.UNKNOWN, Scheme.STANDARD),
    ],
)
def test_how_a_sale_is_taxed_follows_from_places_and_kinds(customer: Place, kind: CustomerKind, scheme: Scheme) -> None:
    assert treatment("FR", customer, kind).scheme is scheme


def test_rules_of_the_union_do_not_hold_outside() -> None:
    with pytest.raises(VatError, match="no member state"):
        treatment("CH", Place("FR"), CustomerKind.CONSUMER)


@pytest.mark.parametrize(
    "right",
    ["BE0403019261", "DE136695976", "ATU13585627", "NL004495445B01", "FR40303265045", "IT00743110157", "LU10000356"],
)
def test_vat_ids_are_checked_by_form_and_sum(right: str) -> None:
    assert is_vat_id(right)
    place = next(index for index in range(len(right) - 3, 3, -1) if right[index].isdigit())
    wrong = f"{right[:place]}{(int(right[place]) + 1) % 10}{right[place + 1 :]}"
    assert not is_vat_id(wrong)
    assert not is_vat_id(right[:-1])
    assert not is_vat_id(f"XX{right[2:]}")
    assert is_vat_id("PL1234567890"), "by form alone"
