"""Drafts: which periods are billed, in what order, at which amounts, and how they are stored."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.core.agreements import EUR, FIRST, VAT, agreement, billed, day, line, usage, usage_line

from billhook.core import canonical
from billhook.core.agreement import (
    AgreementError,
    Alignment,
    BilledUsage,
    ChargeKind,
    Timing,
)
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.canonical import CanonicalError
from billhook.core.derivation import Derivation, recompute, sentence
from billhook.core.discount import Discount, DiscountError
from billhook.core.draft import bill, from_bytes, to_bytes
from billhook.core.exact import NotExactError
from billhook.core.money import MixedCurrenciesError, Money, currency
from billhook.core.period import Period, PeriodError
from billhook.core.price.flat import Flat
from billhook.core.price.graduated import Graduated
from billhook.core.price.per_unit import PerUnit
from billhook.core.price.tiers import Tier
from billhook.core.proration import Basis
from billhook.core.usage import UsageError


def test_in_advance_bills_what_starts_before_the_next_bill() -> None:
    assert billed(bill(agreement(line()), (), FIRST)) == [("L", "03-01", "04-01", "20.00")]
    late = bill(agreement(line()), (), day("05-15"))
    assert [found[1] for found in billed(late)] == ["03-01", "04-01", "05-01"]
    assert bill(agreement(line(billed_through=day("04-01"))), (), FIRST) is None


def test_in_arrears_bills_what_has_ended() -> None:
    arrears = line(timing=Timing.IN_ARREARS)
    assert bill(agreement(arrears), (), day("03-31")) is None
    assert billed(bill(agreement(arrears), (), day("04-01"))) == [("L", "03-01", "04-01", "20.00")]
    ended = line(timing=Timing.IN_ARREARS, active_until=day("03-11"))
    assert billed(bill(agreement(ended), (), day("03-11"))) == [("L", "03-01", "03-11", "6.45")]


def test_a_partial_first_period_is_prorated_by_days() -> None:
    draft = bill(agreement(line(active_from=day("03-15"))), (), day("03-15"))
    assert billed(draft) == [("L", "03-15", "04-01", "10.97")]
    assert draft is not None
    assert sentence(draft.lines[0].derivation) == (
        "A flat 20, for 17 of 31 days, rounded to 2 decimals (half up): 10.97 EUR."
    )
    full = bill(agreement(line(active_from=day("03-15"), basis=Basis.NONE)), (), day("03-15"))
    assert billed(full) == [("L", "03-15", "04-01", "20.00")]


def test_a_line_of_its_own_has_no_partial_period() -> None:
    own = line(active_from=day("03-15"), alignment=Alignment.OWN)
    assert billed(bill(agreement(own), (), day("03-15"))) == [("L", "03-15", "04-15", "20.00")]
    weekly = line(active_from=day("03-25"), cadence=Cadence(CadenceUnit.WEEK))
    assert billed(bill(agreement(weekly), (), day("03-25"))) == [("L", "03-25", "04-01", "20.00")]
    plan = line(active_from=day("03-15"), alignment=Alignment.PLAN, anchor=day("03-10"))
    assert billed(bill(agreement(plan), (), day("03-15"))) == [("L", "03-15", "04-10", "16.77")]


def test_a_quarter_under_a_monthly_cycle_is_billed_once() -> None:
    quarter = line(cadence=Cadence(CadenceUnit.MONTH, 3))
    first = bill(agreement(quarter), (), FIRST)
    assert billed(first) == [("L", "03-01", "06-01", "20.00")]
    assert bill(agreement(replace(quarter, billed_through=day("06-01"))), (), day("04-01")) is None


def test_nothing_is_billed_before_the_start_nor_for_an_order_that_ends_where_it_starts() -> None:
    assert bill(agreement(line(active_from=day("03-10"))), (), FIRST) is None
    assert bill(agreement(line(active_until=FIRST)), (), FIRST) is None
    later_version = line(active_from=day("03-10"), order_start=FIRST)
    assert billed(bill(agreement(later_version), (), FIRST)) == [("L", "03-10", "04-01", "14.19")]


def test_versions_of_one_line_are_rounded_together() -> None:
    third = Flat(currency=EUR, amount=Decimal("10.00"))
    versions = tuple(
        line(f"L/v{n}", price=third, order_line="L", order_start=FIRST, active_from=start, active_until=end)
        for n, (start, end) in enumerate([(FIRST, day("03-08")), (day("03-08"), day("03-20")), (day("03-20"), None)])
    )
    draft = bill(agreement(*versions), (), FIRST)
    assert draft is not None
    assert [str(item.amount.amount) for item in draft.lines] == ["2.26", "3.87", "3.87"]
    assert draft.total == Money.of(10, EUR)
    cheap = Flat(currency=EUR, amount=Decimal("0.05"))
    cut = bill(agreement(*(replace(found, price=cheap) for found in versions)), (), FIRST)
    assert cut is not None
    assert [str(item.amount.amount) for item in cut.lines] == ["0.01", "0.02", "0.02"]
    assert all(recompute(item.derivation) == item.amount for item in (*draft.lines, *cut.lines))


def test_at_most_so_many_periods_oldest_first() -> None:
    some = agreement(line(), usage_line(), max_periods=2)
    draft = bill(some, (usage(on="03-10"), usage(on="05-10")), day("07-01"))
    assert [found[:2] for found in billed(draft)] == [("L", "03-01"), ("L", "04-01"), ("U", "03-01")]
    assert draft is not None
    assert [(claim.line_key, claim.period.end) for claim in draft.billed] == [
        ("L", day("04-01")),
        ("L", day("05-01")),
        ("U", day("04-01")),
        ("U", day("05-01")),
    ]


def test_one_time_charges_and_penalties_are_billed_once() -> None:
    setup = line("setup", kind=ChargeKind.ONE_TIME, cadence=None, active_from=day("03-10"))
    assert bill(agreement(setup), (), day("03-09")) is None
    draft = bill(agreement(setup, line("late", kind=ChargeKind.PENALTY)), (), day("04-01"))
    assert billed(draft) == [("late", "03-01", "03-02", "20.00"), ("setup", "03-10", "03-11", "20.00")]
    assert bill(agreement(replace(setup, billed_through=day("03-11"))), (), day("04-01")) is None


def test_usage_of_an_open_period_waits_and_late_usage_has_its_own_period() -> None:
    open_period = bill(agreement(usage_line()), (usage(on="04-02"), usage()), day("04-01"))
    assert billed(open_period) == [("U", "03-01", "04-01", "1.50")]
    late = agreement(usage_line(billed_through=day("04-01")))
    draft = bill(late, (usage("0.0049"), usage("2", on="04-02")), day("05-01"))
    assert billed(draft) == [("U", "03-01", "04-01", "0.00"), ("U", "04-01", "05-01", "2.00")]
    assert draft is not None
    assert [claim.period.start for claim in draft.billed] == [day("04-01")]


def test_a_period_without_usage_is_closed_without_a_line() -> None:
    draft = bill(agreement(line(), usage_line()), (), day("04-01"))
    assert draft is not None
    assert {item.line_key for item in draft.lines} == {"L"}
    assert [claim.line_key for claim in draft.billed] == ["L", "L", "U"]


def test_metered_usage_is_priced_by_the_bill_and_late_usage_on_top_of_what_was_billed() -> None:
    tiers = (Tier(up_to=Decimal(100), unit_price=Decimal("0.10")), Tier(up_to=None, unit_price=Decimal("0.05")))
    metered = usage_line(price=Graduated(currency=EUR, tiers=tiers))
    march = bill(agreement(metered), (usage(None, quantity=Decimal(80)), usage(None, on="03-11")), day("04-01"))
    assert billed(march) == [("U", "03-01", "04-01", "10.50")]
    before = BilledUsage(period=Period(FIRST, day("04-01")), quantity=Decimal(80))
    late = replace(metered, billed_through=day("04-01"), billed_usage=(before,))
    draft = bill(agreement(late), (usage(None),), day("05-01"))
    assert billed(draft) == [("U", "03-01", "04-01", "2.50")]
    assert draft is not None
    assert recompute(draft.lines[0].derivation) == Money.of("2.50", EUR)


def test_usage_that_nothing_takes_is_refused() -> None:
    with pytest.raises(UsageError, match="does not have"):
        bill(agreement(usage_line()), (usage(line="X"),), day("04-01"))
    with pytest.raises(UsageError, match="no one service period"):
        bill(agreement(usage_line()), (usage(on="02-10"),), day("04-01"))
    across = replace(usage(), period=Period(day("03-31"), day("04-02")))
    with pytest.raises(UsageError, match="no one service period"):
        bill(agreement(usage_line()), (across,), day("05-01"))
    with pytest.raises(UsageError, match="passed twice"):
        bill(agreement(usage_line()), (usage(charges=("a",)), usage(charges=("b", "a"))), day("04-01"))
    with pytest.raises(UsageError, match="one unit"):
        bill(agreement(usage_line()), (usage(), usage(unit="second")), day("04-01"))
    with pytest.raises(UsageError, match="without amount"):
        bill(agreement(usage_line()), (usage(None),), day("04-01"))
    metered = usage_line(price=PerUnit(currency=EUR, unit_price=Decimal(1)))
    with pytest.raises(UsageError, match="without amount"):
        bill(agreement(metered), (usage(None), usage()), day("04-01"))


def test_agreements_that_cannot_be_billed_are_refused() -> None:
    dollars = Flat(currency=currency("USD"), amount=Decimal(1))
    with pytest.raises(MixedCurrenciesError, match="L is priced in USD"):
        agreement(line(price=dollars))
    with pytest.raises(MixedCurrenciesError, match="OFF"):
        agreement(line(), discounts=(Discount(key="OFF", description="", amount=Money.of(1, "USD")),))
    with pytest.raises(AgreementError, match="twice"):
        agreement(line(), line())
    with pytest.raises(AgreementError, match="same days"):
        agreement(line("a", order_line="L"), line("b", order_line="L", active_from=day("04-01")))
    for changes in (
        {"cadence": None},
        {"price": None},
        {"kind": ChargeKind.DISCOUNT},
        {"kind": ChargeKind.USAGE},
        {"alignment": Alignment.PLAN},
    ):
        with pytest.raises(AgreementError):
            line(**changes)
    with pytest.raises(PeriodError, match="before"):
        line(active_until=day("02-01"))
    with pytest.raises(NotExactError):
        line(quantity=1.5)
    with pytest.raises(NotExactError):
        usage(quantity=1.5)


BOOKS = line("B", tax_category="reduced", product="book", revenue_account="books", position=2)


def test_discounts_are_taken_off_in_order_and_shared_by_rate() -> None:
    discounts = (
        Discount(key="TEN", description="Ten per cent", percent=Decimal(10)),
        Discount(key="FIVE", description="Five off", amount=Money.of("5.01", EUR)),
    )
    draft = bill(agreement(line(), BOOKS, tax=VAT, discounts=discounts), (), FIRST)
    assert draft is not None
    assert [(item.line_key, str(item.amount.amount), item.tax_category) for item in draft.lines[2:]] == [
        ("TEN", "-2.00", "standard"),
        ("TEN", "-2.00", "reduced"),
        ("FIVE", "-2.51", "standard"),
        ("FIVE", "-2.50", "reduced"),
    ]
    assert [(str(tax.base.amount), str(tax.amount.amount)) for tax in draft.taxes] == [
        ("15.50", "1.40"),
        ("15.49", "3.25"),
    ]
    assert str(draft.total) == "35.64 EUR"
    assert sentence(draft.lines[-1].derivation) == (
        "The share of -5.01 that 18 has in 36, rounded to 2 decimals (half up), "
        "0.01 so that 2 pieces sum to their rounded whole: -2.50 EUR."
    )


def test_a_discount_takes_no_more_than_there_is_and_no_penalty() -> None:
    everything = Discount(key="ALL", description="", amount=Money.of(100, EUR))
    late = line("late", kind=ChargeKind.PENALTY, position=9)
    draft = bill(agreement(line(), late, discounts=(everything, everything)), (), FIRST)
    assert draft is not None
    assert [str(item.amount.amount) for item in draft.lines] == ["20.00", "20.00", "-20.00"]
    named = Discount(key="BOOK", description="", percent=Decimal(50), products=("book",))
    draft = bill(agreement(line(), BOOKS, discounts=(named,)), (), FIRST)
    assert draft is not None
    assert str(draft.total.amount) == "30.00"


def test_discounts_that_are_none_are_refused() -> None:
    for figures in (
        {},
        {"percent": Decimal(5), "amount": Money.of(1, EUR)},
        {"percent": Decimal(0)},
        {"percent": Decimal(101)},
        {"amount": Money.zero(EUR)},
    ):
        with pytest.raises(DiscountError):
            Discount(key="X", description="", **figures)


def test_prices_that_contain_tax() -> None:
    draft = bill(agreement(line(), BOOKS, tax=VAT, tax_inclusive=True), (), FIRST)
    assert draft is not None
    assert (str(draft.net.amount), str(draft.tax.amount), str(draft.total.amount)) == ("34.88", "5.12", "40.00")
    assert [str(item.net.amount) for item in draft.lines] == ["16.53", "18.35"]
    assert draft.revenue() == {"revenue": Money.of("16.53", EUR), "books": Money.of("18.35", EUR)}


def test_bytes_that_are_no_draft_are_refused() -> None:
    draft = bill(agreement(line()), (), FIRST)
    assert draft is not None
    data = to_bytes(draft)
    for bad in (b"", b"{}", b"[]", b"null", data.replace(b'"20.00 EUR"', b"20.0"), data.replace(b'"fee"', b'"gift"')):
        with pytest.raises(CanonicalError, match="InvoiceDraft"):
            from_bytes(bad)
    with pytest.raises(CanonicalError, match="no canonical writing"):
        canonical.to_bytes({"amount": 0.1})


def test_equal_values_have_equal_bytes() -> None:
    one = replace(line(), quantity=Decimal("1.000"), price=Flat(currency=EUR, amount=Decimal(20)))
    assert canonical.fingerprint(one) == canonical.fingerprint(line())
    written = canonical.to_bytes((FIRST, Decimal("1E+2"), EUR, frozenset({"b", "a"})))
    assert written == b'["2026-03-01","100","EUR",["a","b"]]'
    draft = bill(agreement(line()), (), FIRST)
    assert draft is not None
    derivation = draft.lines[0].derivation
    assert canonical.from_plain(Derivation, canonical.plain(derivation)) == derivation


def test_discounts_never_take_more_than_there_is_however_they_are_rounded() -> None:
    percents = ("4.79", "0.01", "100")
    whole = agreement(
        line(price=Flat(currency=EUR, amount=Decimal("204.28"))),
        discounts=tuple(Discount(key=percent, description="", percent=Decimal(percent)) for percent in percents),
    )
    draft = bill(whole, (), FIRST)
    assert draft is not None
    assert draft.net == Money.zero(EUR)
    taken = [item for item in draft.lines if item.kind is ChargeKind.DISCOUNT]
    assert [str(item.amount.amount) for item in taken] == ["-9.79", "-0.02", "-194.47"]
    assert sentence(taken[-1].derivation).endswith("no more than the 194.47 that is left: -194.47 EUR.")
    assert all(recompute(item.derivation) == item.amount for item in taken)
