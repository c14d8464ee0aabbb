"""The example that must always work, as steps that can each be interrupted and played again.

A step looks at the books for what is done already and does the rest at fixed instants of the company's time, so that
however often it was killed, the story ends in the same books.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from billhook.billing.models import BillingRun
from billhook.billing.operations.approve import approve_run
from billhook.billing.operations.start import start_run
from billhook.customers.models import Customer
from billhook.customers.operations.instruments import NewInstrument
from billhook.customers.operations.join import NewCustomer
from billhook.customers.queries import by_number
from billhook.foundation.draining import drain, move_clock, run_until
from billhook.foundation.events import Actor
from billhook.foundation.home import folder
from billhook.foundation.models import Company, EventRecord
from billhook.foundation.operations import advance_clock
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import InvoiceBalance
from billhook.mediation.events import BatchLoaded, DuplicateFileIgnored
from billhook.mediation.models import MediationBatch, SuspenseRecord
from billhook.mediation.operations.load import load_file
from billhook.mediation.operations.mend import mend, recycle
from billhook.orders.operations.sign_up import SignUp, preview_sign_up, sign_up
from billhook.payments.models import Payment
from billhook.payments.operations.receive import record_payment
from billhook.site.demo import cast, tell
from billhook.site.demo.asterisk import CallAccount, write_master_csv

OPERATOR = Actor(kind="person", name=cast.OPERATOR_EMAIL)
SOURCE = "pbx"


@dataclass(frozen=True, slots=True)
class Scene:
    """One step of the story: what it is called and how it is played."""

    title: str
    play: Callable[[Company], None]


def reach(company: Company, at: datetime) -> None:
    """Let the company's time come to an instant, with everything that falls due before it."""
    drain()
    run_until(company, at)
    move_clock(company, at)


def sign_ups(company: Company) -> None:
    """Ten customers sign up; the first one looks at the first bill before."""
    for place, part in enumerate(cast.CUSTOMERS):
        at = cast.at(3, 1, 8, 5 * place)
        reach(company, at)
        with company_scope(company):
            if Customer.objects.filter(number=part.number).exists():
                continue
            request = request_of(part)
            if place == 0:
                tell.first_bill(preview_sign_up(request=request, actor=OPERATOR, at=at))
            sign_up(request=request, actor=OPERATOR, at=at)
    drain()
    tell.customers(company)


def request_of(part: cast.Part) -> SignUp:
    """Return what a customer of the example asks for."""
    return SignUp(
        customer=NewCustomer(
            number=part.number,
            name=part.name,
            email=part.email,
            address=part.address,
            country="NL",
            account_type="business",
            first_day=cast.FIRST_BILL_DATE,
        ),
        plan="voice",
        instrument=NewInstrument(token=part.token, label=part.card),
        identifiers=(part.identifier,),
    )


def play_run(company: Company, bill_date: date, at: datetime, *, approve: bool = True) -> None:
    """Preview a run, and approve and commit it; one that was interrupted goes on where it stood."""
    reach(company, at)
    with company_scope(company):
        if not BillingRun.objects.filter(bill_date=bill_date).exists():
            start_run(bill_date=bill_date, actor=OPERATOR, at=at)
    drain()
    with company_scope(company):
        run = BillingRun.objects.get(bill_date=bill_date)
        tell.review(run)
        if approve and run.state == "review":
            approve_run(run=run, actor=OPERATOR, at=at)
    drain()


def first_run(company: Company) -> None:
    """The run of the first day bills March in advance; every card pays."""
    play_run(company, cast.FIRST_BILL_DATE, cast.FIRST_RUN_AT)
    tell.payments(company, cast.FIRST_BILL_DATE)


def calls(company: Company) -> None:
    """A month of calls is written by the switch and loaded, twice; the second time nothing is loaded."""
    reach(company, cast.LOADED_AT)
    path = master_csv()
    for arrived in (BatchLoaded, DuplicateFileIgnored):
        with company_scope(company):
            seen = EventRecord.objects.filter(name=arrived.name).exists()
        if not seen:
            load_file(company=company, source_code=SOURCE, path=path, actor=OPERATOR, at=cast.LOADED_AT)
    drain()
    tell.batch(company, 1)


def master_csv() -> Path:
    """Write the switch's file of March, the same at every call, and return where it lies."""
    path = folder("demo") / "Master.csv"
    accounts = [CallAccount(part.identifier, part.telephone, part.name, part.minutes) for part in cast.CUSTOMERS]
    write_master_csv(
        path, seed=cast.SEED, first=cast.CALLS_FROM, until=cast.CALLS_UNTIL, accounts=accounts, zone=cast.ZONE
    )
    return path


def suspense(company: Company) -> None:
    """The record of an unknown customer is mended and recycled; the unknown prefix stays in suspense."""
    with company_scope(company):
        batch = MediationBatch.objects.get(number=1)
        record = SuspenseRecord.objects.filter(batch=batch, reason="unknown_customer").first()
        tell.suspended(batch)
        if record is None or record.status != "open":
            return
        if record.edits.get("accountcode") != cast.MENDED_TO:
            mend(record=record, edits={"accountcode": cast.MENDED_TO}, actor=OPERATOR, at=cast.LOADED_AT)
    recycle(company=company, batch_number=1, lines=[record.line_number], actor=OPERATOR, at=cast.LOADED_AT)
    drain()
    tell.batch(company, 1)


def april_run(company: Company) -> None:
    """The run of 1 April bills April in advance and the calls of March in arrears: 25.00 for 100 minutes."""
    play_run(company, cast.BILL_DATE, cast.RUN_AT)
    tell.invoice(company, cast.CUSTOMERS[0].number, cast.BILL_DATE)
    tell.payments(company, cast.BILL_DATE)


def lateness(company: Company) -> None:
    """A month goes by: retries, reminders, a penalty, suspension."""
    company.refresh_from_db()
    if company.clock_at is not None and company.clock_at < cast.AFTER_SUSPENSION:
        advance_clock(company=company, to=cast.AFTER_SUSPENSION, actor=OPERATOR)
    drain()
    tell.timeline(company, cast.LATE, since=cast.RUN_AT)


def payment(company: Company) -> None:
    """The customer pays by bank transfer and is restored."""
    reach(company, cast.PAID_AT)
    with company_scope(company):
        customer = by_number(cast.LATE)
        if not Payment.objects.filter(customer=customer, method="bank_transfer").exists():
            owed = sum(
                InvoiceBalance.objects.filter(customer=customer, state="open").values_list("open_amount", flat=True),
                Decimal(0),
            )
            record_payment(
                customer=customer, amount=owed, method="bank_transfer", note="transfer", actor=OPERATOR, at=cast.PAID_AT
            )
    drain()
    tell.timeline(company, cast.LATE, since=cast.PAID_AT)
    tell.mailbox(company)


def may_run(company: Company) -> None:
    """The run of 1 May, with the penalty on it, waits for approval."""
    play_run(company, cast.NEXT_BILL_DATE, cast.NEXT_RUN_AT, approve=False)


SCENES = (
    Scene("Ten customers sign up for VoIP", sign_ups),
    Scene("The first bill: March in advance", first_run),
    Scene("A month of calls goes through mediation", calls),
    Scene("What could not be rated is mended and recycled", suspense),
    Scene("Billing day: fee in advance, calls in arrears", april_run),
    Scene("One card declined: retries, reminders, penalty, suspension", lateness),
    Scene("Paying restores the service", payment),
    Scene("The next run waits for approval", may_run),
)


def play(company: Company) -> Iterator[Scene]:
    """Play the scenes in order, yielding each before it is played."""
    for scene in SCENES:
        yield scene
        scene.play(company)
