"""A customer who does not pay: what the tests of dunning begin with, and what they look at."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from tests.billing.playing import MARCH, bill_date
from tests.builders import CLERK

from billhook.customers.models import Customer, PaymentInstrument
from billhook.customers.queries import by_number
from billhook.dunning.events import StepTaken
from billhook.dunning.models import DunningEpisode
from billhook.foundation.models import Company, EventRecord
from billhook.foundation.scope import company_scope
from billhook.payments.operations.receive import record_payment

DUE = date(2026, 3, 15)


def owe(company: Company, *dates: date) -> None:
    """Bill dates, March unless others are given, to the customer, who has no card."""
    with company_scope(company):
        PaymentInstrument.objects.update(status="removed")
    for day in dates or (MARCH,):
        bill_date(company, day)


def pay(company: Company, amount: str, *, when: datetime, invoice: str = "") -> None:
    """Pay by bank transfer."""
    with company_scope(company):
        record_payment(
            customer=by_number("1001"),
            amount=Decimal(amount),
            method="bank_transfer",
            invoice=invoice,
            actor=CLERK,
            at=when,
        )


def steps_taken(company: Company) -> list[tuple[int, datetime]]:
    """Return position and instant of each step in the order in which they were taken."""
    with company_scope(company):
        found = EventRecord.objects.filter(name=StepTaken.name).order_by("id")
        return [(record.data["position"], record.at) for record in found]


def episodes(company: Company) -> list[tuple[str, str, int]]:
    """Return invoice, state and step of each episode."""
    with company_scope(company):
        return list(DunningEpisode.objects.order_by("id").values_list("invoice__number", "state", "step"))


def status(company: Company) -> str:
    """Return whether the customer is active or suspended."""
    with company_scope(company):
        return Customer.objects.get().status


def network(folder: Path) -> list[str]:
    """Return what the network was told."""
    return [line.split()[-3] for line in (folder / "outside" / "network.log").read_text().splitlines()]
