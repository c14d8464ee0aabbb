"""What being late costs: a fee, a percentage or interest by the day, each on its own invoice, never on penalties."""

from decimal import Decimal

import pytest
from pydantic import ValidationError
from tests.billing.playing import APRIL, MARCH, MAY, at, bill_date, happened, pass_time
from tests.builders import CLERK
from tests.dunning.late import owe, pay

from billhook.catalog.models import Product
from billhook.core.ageing import AgeingError
from billhook.customers.queries import by_number
from billhook.dunning.models import DunningStep
from billhook.dunning.operations.policy import NewStep, Penalise, PenaltyNotPossibleError, set_steps
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice, InvoiceLine
from billhook.ledger.queries import account_balance
from billhook.orders.events import ChargeAdded
from billhook.orders.models import OrderLineVersion
from billhook.orders.operations.charge import add_charge
from billhook.reports.verify import verify


def set_penalties(company: Company, *penalties: tuple[int, str, str]) -> None:
    """Set up one step for each penalty: days, kind and figure."""
    steps = [
        NewStep(name=f"Day {days}", days=days, actions=(Penalise(product="late-fee", kind=kind, figure=figure),))
        for days, kind, figure in penalties
    ]
    with company_scope(company):
        set_steps(steps=steps, actor=CLERK, at=at(3, 1))


def penalties(company: Company) -> list[Decimal]:
    """Return the penalties in the order in which they were added."""
    return [Decimal(event.amount) for event in happened(company, ChargeAdded)]


@pytest.mark.parametrize(
    ("kind", "figure", "amount"),
    [("flat", "5.00", "5.00"), ("percent", "2.5", "0.50"), ("interest", "12", "0.07"), ("flat", "0", None)],
)
def test_each_kind_of_penalty_is_charged_once(company: Company, kind: str, figure: str, amount: str | None) -> None:
    set_penalties(company, (10, kind, figure))
    owe(company)
    pass_time(company, at(4, 30))
    assert penalties(company) == ([Decimal(amount)] if amount else [])


def test_interest_is_charged_once_for_each_day(company: Company) -> None:
    set_penalties(company, (10, "interest", "73"), (15, "interest", "73"), (25, "interest", "73"))
    owe(company)
    pass_time(company, at(3, 31))
    assert penalties(company) == [Decimal("0.40"), Decimal("0.20")]
    pay(company, "10.00", when=at(3, 31))
    pass_time(company, at(5, 1))
    assert penalties(company) == [Decimal("0.40"), Decimal("0.20"), Decimal("0.20")]


def test_interest_that_rounds_to_nothing_is_charged_with_the_days_that_follow(company: Company) -> None:
    set_penalties(company, (1, "interest", "5"), (3, "interest", "5"))
    owe(company)
    pass_time(company, at(4, 30))
    assert penalties(company) == [Decimal("0.01")]


def test_an_invoice_is_penalised_for_its_own_lateness_alone(company: Company) -> None:
    set_penalties(company, (20, "percent", "10"))
    owe(company, MARCH, APRIL)
    pass_time(company, at(4, 20))
    assert penalties(company) == [Decimal("2.00")]
    pay(company, "20.00", when=at(4, 20))
    pass_time(company, at(6, 1))
    assert penalties(company) == [Decimal("2.00"), Decimal("2.00")]


def test_the_next_run_bills_the_penalty_and_the_books_agree(company: Company) -> None:
    set_penalties(company, (7, "flat", "5.00"))
    owe(company)
    pass_time(company, at(4, 1))
    bill_date(company, APRIL)
    with company_scope(company):
        line = InvoiceLine.objects.get(kind="penalty")
        assert (line.amount, line.revenue_account) == (Decimal("5.00"), "penalty")
        assert line.description == "Late fee, invoice INV-2026-00001"
        assert line.invoice.total == Decimal("25.00")
        assert account_balance("penalty") == {"EUR": Decimal("-5.00")}
    assert verify(company) == []
    bill_date(company, MAY)
    with company_scope(company):
        assert InvoiceLine.objects.filter(kind="penalty").count() == 1


def test_a_penalty_is_never_charged_on_penalties(company: Company) -> None:
    set_penalties(company, (10, "percent", "10"))
    owe(company)
    pass_time(company, at(4, 1))
    bill_date(company, APRIL)
    pay(company, "20.00", when=at(4, 1))
    pass_time(company, at(5, 10))
    assert penalties(company) == [Decimal("2.00"), Decimal("2.00")]
    with company_scope(company):
        assert Invoice.objects.get(issued_on=APRIL).total == Decimal("22.00")


@pytest.mark.parametrize(("kind", "figure"), [("flat", "5.00"), ("percent", "10"), ("interest", "10")])
def test_an_invoice_of_penalties_alone_costs_no_more(company: Company, kind: str, figure: str) -> None:
    set_penalties(company, (1, kind, figure))
    bill_date(company, MARCH)
    with company_scope(company):
        by_number("1001").instruments.update(status="removed")
        late = Product.objects.get(code="late-fee")
        add_charge(
            customer=by_number("1001"),
            product=late,
            amount=Decimal(7),
            description="Late fee",
            actor=CLERK,
            at=at(3, 20),
        )
        OrderLineVersion.objects.filter(line__order__plan__isnull=False).update(ends_on=APRIL)
    bill_date(company, APRIL)
    pass_time(company, at(5, 20))
    assert penalties(company) == [Decimal(7)]


@pytest.mark.parametrize("figure", ["a lot", "-5.00", "NaN", "Infinity", ""])
@pytest.mark.parametrize("kind", ["flat", "percent", "interest"])
def test_a_figure_that_could_not_be_charged_is_refused_when_it_is_set_up(
    company: Company, kind: str, figure: str
) -> None:
    with pytest.raises(PenaltyNotPossibleError, match="Day 7 cannot be charged"):
        set_penalties(company, (7, kind, figure))
    with company_scope(company):
        assert DunningStep.objects.count() == 3


@pytest.mark.parametrize("product", ["nothing", "voice-line"])
def test_a_product_that_is_no_penalty_is_refused_when_it_is_set_up(company: Company, product: str) -> None:
    step = NewStep(name="Fee", days=7, actions=(Penalise(product=product, figure="5.00"),))
    with company_scope(company), pytest.raises(PenaltyNotPossibleError, match=f"no product {product}"):
        set_steps(steps=[step], actor=CLERK, at=at(3, 1))


def test_a_step_before_the_due_date_and_an_unknown_kind_are_refused(company: Company) -> None:
    with pytest.raises(AgeingError, match="at least 0"):
        set_penalties(company, (-1, "flat", "5.00"))
    with pytest.raises(ValidationError):
        set_penalties(company, (1, "fine", "5.00"))
