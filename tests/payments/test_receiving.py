"""Money that comes in settles the oldest due first; what is left over is credit; the ledger says the same."""

from datetime import datetime
from decimal import Decimal

import pytest
from tests.billing.playing import APRIL, MARCH, MAY, at, bill_date, happened
from tests.builders import CLERK

from billhook.core.errors import Refusal
from billhook.customers.models import PaymentInstrument
from billhook.customers.queries import by_number
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.events import InvoicePartlyPaid, InvoiceSettled
from billhook.invoicing.models import InvoiceBalance
from billhook.ledger.models import Posting
from billhook.ledger.queries import account_balance, trial_balance
from billhook.payments.models import Allocation, Payment
from billhook.payments.operations.receive import NoAmountError, record_payment
from billhook.reports.verify import verify

PAID_AT = at(5, 2)
FIRST, SECOND, THIRD = (f"INV-2026-{place:05d}" for place in (1, 2, 3))


@pytest.fixture
def owing(company: Company) -> Company:
    """Return a company to which its customer, who has no card, owes three invoices of 20.00."""
    with company_scope(company):
        PaymentInstrument.objects.update(status="removed")
    for day in (MARCH, APRIL, MAY):
        bill_date(company, day)
    return company


def pay(company: Company, amount: str, *, invoice: str = "", when: datetime = PAID_AT) -> Payment:
    """Record a bank transfer."""
    with company_scope(company):
        return record_payment(
            customer=by_number("1001"),
            amount=Decimal(amount),
            method="bank_transfer",
            invoice=invoice,
            actor=CLERK,
            at=when,
        )


def open_amounts(company: Company) -> dict[str, Decimal]:
    """Return what is open on each invoice."""
    with company_scope(company):
        return dict(InvoiceBalance.objects.order_by("invoice__number").values_list("invoice__number", "open_amount"))


@pytest.mark.parametrize(
    ("amount", "left", "credit"),
    [
        ("0.01", (19.99, 20, 20), 0),
        ("20.00", (0, 20, 20), 0),
        ("30.00", (0, 10, 20), 0),
        ("60.00", (0, 0, 0), 0),
        ("60.01", (0, 0, 0), 0.01),
        ("1000.00", (0, 0, 0), 940),
    ],
)
def test_a_transfer_settles_the_oldest_due_first_and_the_rest_is_credit(
    owing: Company, amount: str, left: tuple[float, ...], credit: float
) -> None:
    payment = pay(owing, amount)
    expected = [Decimal(str(figure)) for figure in left]
    assert list(open_amounts(owing).values()) == expected
    assert payment.unallocated == Decimal(str(credit))
    with company_scope(owing):
        assert account_balance("customer_credit").get("EUR", Decimal(0)) == -Decimal(str(credit))
        assert {row.balance for row in trial_balance() if row.code == "receivable"} == {sum(expected)}
    assert verify(owing) == []


def test_a_chosen_invoice_is_settled_before_the_older_ones(owing: Company) -> None:
    pay(owing, "25.00", invoice=THIRD)
    assert open_amounts(owing) == {FIRST: 15, SECOND: 20, THIRD: 0}


@pytest.mark.parametrize("invoice", [FIRST, "INV-2026-09999"])
def test_a_chosen_invoice_that_is_not_open_is_refused_and_nothing_is_recorded(owing: Company, invoice: str) -> None:
    pay(owing, "20.00")
    with pytest.raises(Refusal, match=f"{invoice} is not open"):
        pay(owing, "20.00", invoice=invoice)
    with company_scope(owing):
        assert Payment.objects.count() == 1
    assert verify(owing) == []


@pytest.mark.parametrize("amount", ["0", "-5.00"])
def test_a_payment_of_nothing_is_refused(owing: Company, amount: str) -> None:
    with pytest.raises(NoAmountError, match="must be above zero"):
        pay(owing, amount)


@pytest.mark.parametrize("amount", ["0.001", "NaN", "Infinity"])
def test_an_amount_that_the_currency_does_not_have_is_refused(owing: Company, amount: str) -> None:
    with pytest.raises(Refusal):
        pay(owing, amount)
    with company_scope(owing):
        assert not Payment.objects.exists()


def test_a_payment_in_parts_is_told_part_by_part(owing: Company) -> None:
    pay(owing, "5.00")
    pay(owing, "15.00")
    assert [(event.number, event.amount, event.open_amount) for event in happened(owing, InvoicePartlyPaid)] == [
        (FIRST, Decimal("5.00"), Decimal("15.00"))
    ]
    assert [event.number for event in happened(owing, InvoiceSettled)] == [FIRST]


def test_every_entry_of_the_ledger_sums_to_zero(owing: Company) -> None:
    pay(owing, "33.33")
    pay(owing, "50.00")
    with company_scope(owing):
        entries: dict[int, Decimal] = {}
        for posting in Posting.objects.all():
            entries[posting.entry_id] = entries.get(posting.entry_id, Decimal(0)) + posting.amount
        assert set(entries.values()) == {Decimal(0)}
        assert sum(Allocation.objects.values_list("amount", flat=True), Decimal(0)) == 60
        assert account_balance("cash") == {"EUR": Decimal("83.33")}
        assert sum((row.balance for row in trial_balance()), Decimal(0)) == 0
