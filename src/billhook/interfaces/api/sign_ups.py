"""Signing up: customer, payment token, plan and identifiers in one request, with the first bill explained."""

import zoneinfo
from datetime import date
from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import AfterValidator, Field, StringConstraints

from billhook.core.derivation import sentence
from billhook.core.draft import DraftLine, InvoiceDraft
from billhook.core.exact import plain
from billhook.customers.operations.instruments import NewInstrument
from billhook.customers.operations.join import NewCustomer
from billhook.interfaces.api.keyholders import Keyholder, holder_of
from billhook.interfaces.api.values import Amount, Answer, CompanyCode, EMail, Period, Request, amount
from billhook.interfaces.signing_up import checked, previewed
from billhook.orders.operations.sign_up import SignUp, sign_up

router = Router(tags=["Sign-ups"])


def _zone(name: str) -> str:
    if name and name not in zoneinfo.available_timezones():
        message = "Name a time zone of the IANA list, such as Europe/Amsterdam"
        raise ValueError(message)
    return name


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
Country = Annotated[str, StringConstraints(pattern="^([A-Z]{2})?$")]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class CustomerGiven(Request):
    """Who signs up; what is left empty comes from the account type or the company."""

    number: Annotated[str, StringConstraints(max_length=40)] = Field(
        default="", description="Empty takes the next of the company's series."
    )
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    account_type: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    email: EMail = ""
    address: Annotated[str, StringConstraints(max_length=1000)] = ""
    country: Country = Field(default="", description="ISO 3166-1, two letters.")
    zone: Zone = ""
    language: Annotated[str, StringConstraints(max_length=12)] = ""
    due_days: int | None = Field(default=None, ge=0, le=365)
    vat_id: Annotated[str, StringConstraints(max_length=32)] = ""
    buyer_reference: Annotated[str, StringConstraints(max_length=100)] = ""


class InstrumentGiven(Request):
    """A token that a gateway gave for a card or account. Card numbers are never taken."""

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    label: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(
        description="What people may see of it, such as `Visa •4242`."
    )
    method: Annotated[str, StringConstraints(min_length=1, max_length=20)] = "card"


class SignUpGiven(Request):
    """What somebody who signs up gives."""

    customer: CustomerGiven
    plan: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    first_day: date | None = Field(default=None, description="The first day that is billed; today unless given.")
    instrument: InstrumentGiven | None = None
    identifiers: list[Identifier] = Field(
        default_factory=list, max_length=100, description="The numbers or account codes whose usage is the customer's."
    )


class BillLine(Answer):
    """One line of a bill and how its amount came about."""

    description: str
    product: str
    kind: str
    period: Period
    quantity: str
    unit: str
    unit_price: Amount | None
    amount: Amount
    net: Amount
    derivation: str = Field(description="How the amount came about, as one sentence.")


class BillTax(Answer):
    """The tax of a bill for one category and rate; `base` is without tax."""

    code: str
    name: str
    percent: str
    base: Amount
    amount: Amount


class Bill(Answer):
    """A bill as it will be issued on its date."""

    bill_date: date
    lines: list[BillLine]
    taxes: list[BillTax]
    net: Amount
    tax: Amount
    total: Amount
    due: Amount


class SignUpPreview(Answer):
    """What a sign-up would bring; null where nothing is due on the first day."""

    first_bill: Bill | None


class SignedUp(Answer):
    """What a sign-up brought."""

    customer: str
    order: str
    first_bill: Bill | None


@router.post("/sign-ups/preview", response=SignUpPreview, url_name="sign-up-preview", operation_id="preview_sign_up")
def preview(request: HttpRequest, company: CompanyCode, given: SignUpGiven) -> SignUpPreview:
    """Return the first bill that a sign-up would bring, and leave nothing behind."""
    del company
    holder = holder_of(request)
    found = previewed(_wanted(given, holder), today=holder.today, actor=holder.actor, at=holder.at)
    return SignUpPreview(first_bill=bill(found))


@router.post("/sign-ups", response={201: SignedUp}, url_name="sign-ups", operation_id="sign_up")
def create(request: HttpRequest, company: CompanyCode, given: SignUpGiven) -> SignedUp:
    """Make a customer with a card and an order, all or nothing."""
    del company
    holder = holder_of(request)
    wanted = checked(_wanted(given, holder), today=holder.today)
    done = sign_up(request=wanted, actor=holder.actor, at=holder.at)
    return SignedUp(customer=done.customer.number, order=done.order.number, first_bill=bill(done.first_bill))


def _wanted(given: SignUpGiven, holder: Keyholder) -> SignUp:
    instrument = given.instrument
    return SignUp(
        customer=NewCustomer(**given.customer.model_dump(), first_day=given.first_day or holder.today),
        plan=given.plan,
        instrument=NewInstrument(**instrument.model_dump()) if instrument else None,
        identifiers=tuple(dict.fromkeys(given.identifiers)),
    )


def bill(draft: InvoiceDraft | None) -> Bill | None:
    """Return a draft as the API answers it."""
    if draft is None:
        return None
    taxes = [
        BillTax(
            code=tax.code,
            name=tax.name,
            percent=plain(tax.percent),
            base=amount(tax.base),
            amount=amount(tax.amount),
        )
        for tax in draft.taxes
    ]
    return Bill(
        bill_date=draft.bill_date,
        lines=[_line(line) for line in draft.lines],
        taxes=taxes,
        net=amount(draft.net),
        tax=amount(draft.tax),
        total=amount(draft.total),
        due=amount(draft.due),
    )


def _line(line: DraftLine) -> BillLine:
    code = line.amount.currency.code
    return BillLine(
        description=line.description,
        product=line.product,
        kind=line.kind,
        period=Period(start=line.period.start, end=line.period.end),
        quantity=plain(line.quantity),
        unit=line.unit,
        unit_price=Amount(amount=plain(line.unit_price), currency=code) if line.unit_price is not None else None,
        amount=amount(line.amount),
        net=amount(line.net),
        derivation=sentence(line.derivation),
    )
