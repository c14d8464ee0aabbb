"""Small books to test with: a company, its plan, customers and calls, made through the operations that everybody uses.

Times are those of the example: 1 March 2026 in Amsterdam, unless a test says otherwise.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from billhook.billing.models import BillingRun
from billhook.billing.operations.approve import approve_run
from billhook.billing.operations.start import start_run
from billhook.catalog.models import Plan
from billhook.catalog.operations.plan_parts import NewPlanItem
from billhook.catalog.operations.plans import create_plan
from billhook.catalog.operations.prices import RATE_CARD, publish_price
from billhook.catalog.operations.products import create_product
from billhook.catalog.operations.rates import import_rate_card
from billhook.catalog.rates import NewRate
from billhook.customers.operations.account_types import create_account_type
from billhook.customers.operations.instruments import NewInstrument
from billhook.customers.operations.join import NewCustomer
from billhook.dunning.operations.policy import NewStep, Penalise, Remind, Suspend, set_steps
from billhook.foundation.draining import drain
from billhook.foundation.events import Actor
from billhook.foundation.models import Company
from billhook.foundation.operations import create_company
from billhook.foundation.scope import company_scope
from billhook.hooks.operations import activate
from billhook.invoicing.hooks import RENDERER
from billhook.mediation.models import UsageSource
from billhook.mediation.operations.load import create_source
from billhook.notifications.hooks import CHANNEL
from billhook.orders.hooks import PROVISIONING
from billhook.orders.operations.sign_up import SignedUpCustomer, SignUp, sign_up
from billhook.payments.hooks import GATEWAY
from billhook.payments.operations.policy import set_retry_days

OPENED = date(2026, 1, 1)
FIRST_DAY = date(2026, 3, 1)
OPENING = datetime(2026, 3, 1, 7, tzinfo=UTC)
CLERK = Actor(kind="person", name="Clerk")

STEPS = (
    NewStep(name="Reminder", days=1, actions=(Remind(template="reminder"),)),
    NewStep(
        name="Final notice",
        days=7,
        actions=(Remind(template="final_notice"), Penalise(product="late-fee", kind="flat", figure="5.00")),
    ),
    NewStep(name="Suspension", days=14, actions=(Remind(template="suspended"), Suspend())),
)


def make_company(
    code: str = "kestrel",
    *,
    sandbox: bool = True,
    name: str = "Kestrel Networks",
    currency: str = "EUR",
    zone: str = "Europe/Amsterdam",
    parent: Company | None = None,
    at: datetime = OPENING,
    **settings: object,
) -> Company:
    """Create a company; a sandbox's clock stands at `at`. `settings` are further columns, such as `due_days`."""
    company = Company(
        code=code,
        name=name,
        currency=currency,
        zone=zone,
        parent=parent,
        sandbox=sandbox,
        clock_at=at if sandbox else None,
        address="Harbour Quay 4\n1011 AB Amsterdam\nNetherlands",
        email=f"billing@{code}.example",
        **settings,
    )
    return create_company(company=company, actor=CLERK, at=at)


def make_catalog(
    *,
    fee: str = "20.00",
    price_per_minute: str = "0.05",
    tax_category: str = "standard",
    prefixes: Mapping[str, str] | None = None,
    at: datetime = OPENING,
) -> Plan:
    """Create, in the company in scope, the plan `voice`: a monthly fee in advance and calls in arrears over a card.

    Args:
        fee: of a month.
        price_per_minute: of every prefix.
        tax_category: of fee and calls; no tax is set on it.
        prefixes: destination by prefix; the Netherlands and Germany unless given.
        at: when.
    """
    by = {"actor": CLERK, "at": at}
    create_account_type(code="business", name="Business", **by)
    line = create_product(code="voice-line", name="VoIP line", kind="recurring", tax_category=tax_category, **by)
    calls = create_product(code="calls", name="Calls", kind="usage", unit="s", tax_category=tax_category, **by)
    late = create_product(code="late-fee", name="Late fee", kind="penalty", revenue_account="penalty", **by)
    rates = [
        NewRate(prefix=prefix, destination=name, price_per_minute=Decimal(price_per_minute), valid_from=OPENED)
        for prefix, name in (prefixes or {"31": "Netherlands", "49": "Germany"}).items()
    ]
    card = import_rate_card(code="world", name="World", rates=rates, **by)
    publish_price(product=line, model="flat", parameters={"amount": fee}, valid_from=OPENED, **by)
    publish_price(product=late, model="flat", parameters={"amount": "5.00"}, valid_from=OPENED, **by)
    publish_price(product=calls, model=RATE_CARD, parameters={}, rate_card=card, valid_from=OPENED, **by)
    items = [NewPlanItem(product="voice-line", timing="in_advance"), NewPlanItem(product="calls", timing="in_arrears")]
    return create_plan(code="voice", name="VoIP", items=items, **by)


def activate_plugins(folder: Path, *, at: datetime = OPENING) -> None:
    """Activate, in the company in scope, the sandbox gateway, the renderer, the mailbox and the log of the network.

    They write into `folder`: `gateway/`, `mailbox/` and `network.log`.
    """
    for hook, plugin, parameters in (
        (GATEWAY, "sandbox", {"folder": str(folder / "gateway")}),
        (RENDERER, "typst", {}),
        (CHANNEL, "mailbox", {"folder": str(folder / "mailbox")}),
        (PROVISIONING, "log", {"file": str(folder / "network.log")}),
    ):
        activate(hook=hook, plugin=plugin, code=plugin, parameters=parameters, actor=CLERK, at=at)


def make_source(code: str = "pbx", *, zone: str = "Europe/Amsterdam", at: datetime = OPENING) -> UsageSource:
    """Set up, in the company in scope, a switch that writes Asterisk's `Master.csv`."""
    parameters: dict[str, object] = {"country_code": "31"}
    return create_source(
        code=code, name="Switch", format_code="asterisk", zone=zone, parameters=parameters, actor=CLERK, at=at
    )


def set_policies(
    *, retry_days: tuple[int, ...] = (3, 5), steps: Iterable[NewStep] = STEPS, at: datetime = OPENING
) -> None:
    """Set, in the company in scope, when cards are tried again and what happens to customers who are late."""
    set_retry_days(days=retry_days, actor=CLERK, at=at)
    set_steps(steps=list(steps), actor=CLERK, at=at)


def sign_up_request(
    number: str = "1001",
    *,
    name: str = "Harbour Bakery",
    plan: str = "voice",
    first_day: date = FIRST_DAY,
    token: str = "tok_visa",  # noqa: S107 - the sandbox's test token
    identifiers: tuple[str, ...] | None = None,
    **customer: str,
) -> SignUp:
    """Return what a customer gives; the account code is `KN` and the number unless given, no token means no card.

    `customer` are further fields of a new customer, such as `zone` or `email`.
    """
    given = {"account_type": "business", "email": f"accounts-{number}@harbour.example", "address": "Quay Street 1"}
    return SignUp(
        customer=NewCustomer(number=number, name=name, first_day=first_day, **{**given, **customer}),
        plan=plan,
        instrument=NewInstrument(token=token, label="Visa •4242") if token else None,
        identifiers=(f"KN{number}",) if identifiers is None else identifiers,
    )


def sign_up_customer(number: str = "1001", *, at: datetime = OPENING, **given: object) -> SignedUpCustomer:
    """Sign a customer up, in the company in scope; `given` as for `sign_up_request`."""
    return sign_up(request=sign_up_request(number, **given), actor=CLERK, at=at)


def make_books(folder: Path, *, customers: int = 1, code: str = "kestrel") -> Company:
    """Create a company with catalog, plugins, switch, policies and customers from 1001 on, in one transaction."""
    company = make_company(code)
    with company_scope(company):
        make_catalog()
        activate_plugins(folder)
        make_source()
        set_policies()
        for number in range(1001, 1001 + customers):
            sign_up_customer(str(number))
    return company


def run_bills(company: Company, *, bill_date: date = FIRST_DAY, at: datetime = OPENING) -> BillingRun:
    """Start, compute, approve and issue a run, and everything that follows from it; call it outside any scope."""
    with company_scope(company):
        run = start_run(bill_date=bill_date, actor=CLERK, at=at)
    drain()
    with company_scope(company):
        approve_run(run=run, actor=CLERK, at=at)
    drain()
    with company_scope(company):
        return BillingRun.objects.get(pk=run.pk)


def call(
    account: str, seconds: int, start: datetime, *, to: str = "0031201234567", ordinal: int = 1, answered: bool = True
) -> str:
    """Return one line of `Master.csv` with 18 columns; `start` is written as it is, without its zone."""
    end = start + timedelta(seconds=seconds)
    outcome = "ANSWERED" if answered else "NO ANSWER"
    texts = (account, "31208100101", to, "from-customers", "", f"PJSIP/{account}-{ordinal:08x}", "PJSIP/trunk-1")
    times = (f"{start:%Y-%m-%d %H:%M:%S}", f"{start:%Y-%m-%d %H:%M:%S}" if answered else "", f"{end:%Y-%m-%d %H:%M:%S}")
    quoted = [f'"{text}"' for text in (*texts, "Dial", "", *times)]
    last = [f'"{text}"' for text in (outcome, "DOCUMENTATION", f"{start:%s}.{ordinal}", "")]
    return ",".join([*quoted, str(seconds), str(seconds), *last]) + "\n"


def write_calls(path: Path, lines: Iterable[str]) -> Path:
    """Write a usage file of `call` lines and return its path."""
    path.write_text("".join(lines))
    return path
