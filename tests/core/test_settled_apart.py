"""What is settled apart: withheld tax, split payment, tax in another currency, small balances and small bills."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core import canonical, journal
from billhook.core.derivation import Derivation, recompute, sentence
from billhook.core.exchange import ExchangeError, ExchangeRate, ExchangeTable
from billhook.core.journal import Account, Entry
from billhook.core.minimum_invoice import Decision, MinimumInvoice, MinimumInvoiceError
from billhook.core.money import MixedCurrenciesError, Money, currency, sum_money
from billhook.core.settlement import Allocation, Claim
from billhook.core.split_payment import (
    SplitPayment,
    SplitPaymentError,
    SplitPaymentRule,
    issued,
    receivable,
    received,
)
from billhook.core.tax import TaxLine
from billhook.core.tax_currency import accounting_tax
from billhook.core.withholding import (
    Certificate,
    Certified,
    Withheld,
    WithheldOn,
    WithholdingError,
    WithholdingRule,
    certify,
    entries,
    expected,
)
from billhook.core.write_off import WriteOffError, WriteOffPolicy

EUR, PLN, CZK = currency("EUR"), currency("PLN"), currency("CZK")
D = Decimal
DUE = date(2026, 4, 15)


def eur(amount: str | int) -> Money:
    """Return euros."""
    return Money.of(amount, EUR)


def amount(derivation: Derivation) -> str:
    """Return the amount of a derivation that can be computed again and stored."""
    assert recompute(derivation) == derivation.result
    assert canonical.from_bytes(Derivation, canonical.to_bytes(derivation)) == derivation
    return str(derivation.result.amount)


def posted(*found: Entry | None) -> dict[str, str]:
    """Return what entries post by account."""
    sums: dict[str, Money] = {}
    for entry in found:
        for posting in entry.postings if entry else ():
            sums[posting.account] = sums.get(posting.account, posting.amount * 0) + posting.amount
    return {account: str(amount.amount) for account, amount in sums.items()}


FEE = WithholdingRule(code="RA", percent=D(20))


def test_a_percentage_is_withheld_of_net_tax_or_both() -> None:
    net, tax = eur("1000.03"), eur("220.01")
    found = {on: amount(expected(replace(FEE, on=on), net=net, tax=tax)) for on in WithheldOn}
    assert found == {WithheldOn.NET: "200.01", WithheldOn.TAX: "44.00", WithheldOn.GROSS: "244.01"}
    assert amount(expected(FEE, net=-net, tax=-tax)) == "-200.01", "a credit note gives it back"
    least = replace(FEE, at_least=eur("1000.04"))
    assert amount(expected(least, net=net, tax=tax)) == "0.00"
    with pytest.raises(WithholdingError, match="at most 100"):
        replace(FEE, percent=D(0))


def withheld(key: str, day: int, open_: int, part: int) -> Withheld:
    """Return what is expected to be withheld of an invoice due on a day of April."""
    return Withheld(claim=Claim(key=key, due_on=date(2026, 4, day), open=eur(open_)), expected=eur(part))


CERTIFICATE = Certificate(number="C-7", issued_on=DUE, amount=eur(250))


def test_a_certificate_settles_what_was_expected_oldest_first_and_nothing_else() -> None:
    found = certify(CERTIFICATE, (withheld("B", 20, 1220, 200), withheld("A", 10, 610, 100)))
    assert found == Certified(
        allocations=(Allocation("A", eur(100)), Allocation("B", eur(150))), missing=eur(50), beyond=eur(0)
    )
    assert posted(*entries(CERTIFICATE, found)) == {Account.WITHHELD_TAX: "250.00", Account.RECEIVABLE: "-250.00"}
    more = certify(CERTIFICATE, (withheld("A", 10, 610, 100),))
    assert (more.missing, more.beyond) == (eur(0), eur(150)), "what is beyond is no credit"
    assert entries(CERTIFICATE, certify(CERTIFICATE, ())) == ()


def test_certificates_of_nothing_and_claims_that_hold_less_are_refused() -> None:
    for refused in ({"number": ""}, {"amount": eur(0)}):
        with pytest.raises(WithholdingError, match="number and an amount"):
            replace(CERTIFICATE, **refused)
    with pytest.raises(WithholdingError, match="expect less"):
        withheld("A", 10, 100, 101)
    with pytest.raises(WithholdingError, match="twice"):
        certify(CERTIFICATE, (withheld("A", 10, 100, 10), withheld("A", 11, 100, 10)))
    with pytest.raises(MixedCurrenciesError):
        certify(replace(CERTIFICATE, amount=Money.of(1, PLN)), (withheld("A", 10, 100, 10),))


@given(st.integers(1, 10**6), st.lists(st.integers(0, 10**5), max_size=8))
def test_a_certificate_is_settled_or_beyond_and_what_is_expected_settled_or_missing(
    cents: int, parts: list[int]
) -> None:
    certificate = replace(CERTIFICATE, amount=Money(D(cents).scaleb(-2), EUR))
    wanted = [withheld(str(place), 1 + place, 10**5, part) for place, part in enumerate(parts)]
    found = certify(certificate, wanted)
    settled = sum_money((item.amount for item in found.allocations), EUR)
    assert settled + found.beyond == certificate.amount
    assert settled + found.missing == sum_money((item.expected for item in wanted), EUR)
    assert not (found.missing and found.beyond)


def test_italian_split_payment_posts_the_tax_and_does_not_claim_it() -> None:
    total, tax = eur(122), eur(22)
    owed = receivable(SplitPayment.NOT_RECEIVABLE, total=total, tax=tax)
    assert amount(owed) == "100.00"
    assert "less tax that the customer pays to the state 22" in sentence(owed)
    invoice = journal.invoice_issued(document="I-1", total=total, revenue={"revenue": eur(100)}, tax={"tax": tax})
    split_off = issued(SplitPayment.NOT_RECEIVABLE, document="I-1", tax=tax)
    assert posted(invoice, split_off) == {
        Account.RECEIVABLE: "100.00",
        Account.REVENUE: "-100.00",
        Account.TAX: "-22.00",
        Account.SPLIT_TAX: "22.00",
    }
    assert amount(receivable(SplitPayment.NOT_RECEIVABLE, total=-total, tax=-tax)) == "-100.00"
    assert SplitPayment.NOT_RECEIVABLE.mark == "S"


def test_polish_split_payment_marks_the_invoice_and_the_bank_splits_what_is_paid() -> None:
    total, tax = Money.of(18450, PLN), Money.of(3450, PLN)
    rule = SplitPaymentRule(kind=SplitPayment.MARKED, above=Money.of(15000, PLN))
    assert rule.applies(total)
    assert rule.applies(-total)
    assert not rule.applies(Money.of(15000, PLN))
    assert replace(rule, above=None).applies(Money.of(1, PLN))
    assert rule.kind.mark == "mechanizm podzielonej płatności"
    assert receivable(rule.kind, total=total, tax=tax).result == total
    assert issued(rule.kind, document="I-2", tax=tax) is None
    assert posted(received(document="P-1", amount=total, tax=tax, tax_account="bank_vat")) == {
        Account.CASH: "15000.00",
        "bank_vat": "3450.00",
        Account.CUSTOMER_CREDIT: "-18450.00",
    }
    for wrong in (total + tax, -tax):
        with pytest.raises(SplitPaymentError, match="no part"):
            received(document="P-1", amount=total, tax=wrong, tax_account="bank_vat")


def tax_line(code: str, cents: int) -> TaxLine:
    """Return a tax line."""
    tax = Money(D(cents).scaleb(-2), EUR)
    return TaxLine(code=code, name=code, category="S", percent=D(21), base=eur(0), amount=tax)


TABLE = ExchangeTable(
    pivot=EUR,
    rates=(
        ExchangeRate(currency=CZK, per_pivot=D("24.305"), valid_from=date(2026, 3, 1)),
        ExchangeRate(currency=CZK, per_pivot=D("25"), valid_from=date(2026, 4, 1)),
    ),
)


def test_tax_is_also_shown_in_the_currency_of_the_seller_at_a_dated_rate() -> None:
    taxes = [tax_line("high", 2101), tax_line("low", 333)]
    found = accounting_tax(taxes, EUR, seller=CZK, table=TABLE, on=date(2026, 3, 31))
    assert found is not None
    assert (amount(found.derivation), found.currency) == ("591.58", CZK)
    assert [str(part.amount) for part in found.by_line] == ["510.65", "80.93"], "80.9357, and 510.6481 has more left"
    assert "converted from EUR at 24.305 CZK on 2026-03-31" in sentence(found.derivation)
    april = accounting_tax(taxes, EUR, seller=CZK, table=TABLE, on=date(2026, 4, 1))
    assert april is not None
    assert april.total == Money.of("608.50", CZK)
    assert accounting_tax(taxes, EUR, seller=EUR, table=TABLE, on=DUE) is None
    none = accounting_tax((), EUR, seller=CZK, table=TABLE, on=DUE)
    assert none is not None
    assert (none.total, none.by_line) == (Money.zero(CZK), ())
    with pytest.raises(ExchangeError, match="enter one"):
        accounting_tax(taxes, EUR, seller=CZK, table=TABLE, on=date(2026, 2, 28))


@given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=5))
def test_the_converted_tax_lines_sum_to_the_converted_total(cents: list[int]) -> None:
    taxes = [tax_line(str(place), each) for place, each in enumerate(cents)]
    found = accounting_tax(taxes, EUR, seller=CZK, table=TABLE, on=DUE)
    assert found is not None
    assert sum_money(found.by_line, CZK) == found.total
    assert found.total == TABLE.convert(sum_money((line.amount for line in taxes), EUR), CZK, DUE)


def test_a_small_old_balance_is_given_up() -> None:
    policy = WriteOffPolicy(limits=(eur(1), Money.of(20, CZK)), after_days=90)
    old, young = date(2026, 7, 14), date(2026, 7, 13)
    assert policy.gives_up(eur("0.99"), due_on=DUE, on=old)
    assert not policy.gives_up(eur("0.99"), due_on=DUE, on=young)
    assert not policy.gives_up(eur(1), due_on=DUE, on=old), "under the limit"
    assert not policy.gives_up(eur(0), due_on=DUE, on=old)
    assert not policy.gives_up(eur("-0.50"), due_on=DUE, on=old), "what is owed to a customer stays"
    assert not policy.gives_up(Money.of("0.50", PLN), due_on=DUE, on=old), "no limit in this currency"
    assert policy.gives_up(Money.of(19, CZK), due_on=DUE, on=old)
    for refused, says in (((eur(0),), "above zero"), ((eur(1), eur(2)), "two write-off limits")):
        with pytest.raises(WriteOffError, match=says):
            WriteOffPolicy(limits=refused, after_days=1)
    with pytest.raises(WriteOffError, match="at least 0"):
        WriteOffPolicy(limits=(), after_days=-1)


def test_a_bill_below_the_minimum_waits_some_cycles_or_until_the_last() -> None:
    minimum = MinimumInvoice(amount=eur(10), cycles=2)
    small = eur("9.99")
    assert [minimum.decide(small, waited=bills) for bills in range(3)] == [
        Decision.WAIT,
        Decision.WAIT,
        Decision.WAITED,
    ]
    assert minimum.decide(eur(10), waited=0) is Decision.ENOUGH
    assert minimum.decide(eur(-10), waited=0) is Decision.ENOUGH, "a credit note is a bill too"
    assert minimum.decide(-small, waited=0) is Decision.WAIT
    assert minimum.decide(small, waited=0, is_final=True) is Decision.FINAL
    assert replace(minimum, cycles=None).decide(small, waited=99) is Decision.WAIT
    assert replace(minimum, cycles=0).decide(small, waited=0) is Decision.WAITED
    assert [decision.issues for decision in Decision] == [True, True, True, False]
    for refused in ({"amount": eur(0)}, {"cycles": -1}):
        with pytest.raises(MinimumInvoiceError, match="above zero"):
            replace(minimum, **refused)
    with pytest.raises(MinimumInvoiceError, match="at least 0"):
        minimum.decide(small, waited=-1)
