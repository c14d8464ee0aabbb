"""The stage of the example: company, roles, plugins, catalog, usage source and dunning steps, all or nothing."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from billhook.catalog.operations.plan_parts import NewPlanItem
from billhook.catalog.operations.plans import create_plan
from billhook.catalog.operations.prices import RATE_CARD, publish_price
from billhook.catalog.operations.products import create_product
from billhook.catalog.operations.rates import import_rate_card
from billhook.catalog.operations.taxes import set_tax_rate
from billhook.catalog.rates import NewRate
from billhook.customers.operations.account_types import create_account_type
from billhook.dunning.operations.policy import NewStep, Penalise, Remind, Suspend, set_steps
from billhook.foundation.events import SYSTEM
from billhook.foundation.home import home
from billhook.foundation.models import Company
from billhook.foundation.operations import add_member, create_company, define_role
from billhook.foundation.permissions import all_permissions
from billhook.foundation.scope import company_scope
from billhook.hooks.operations import activate
from billhook.invoicing.hooks import RENDERER
from billhook.mediation.operations.load import create_source
from billhook.notifications.hooks import CHANNEL
from billhook.orders.hooks import PROVISIONING
from billhook.payments.hooks import GATEWAY
from billhook.payments.operations.policy import set_retry_days
from billhook.site.demo import cast
from billhook.site.demo.asterisk import rate_card_rows

OPENED = date(2026, 1, 1)


def set_stage() -> Company:
    """Create the sandbox company with everything it needs, or return it as it stands."""
    existing = Company.objects.filter(code=cast.CODE).first()
    if existing is not None:
        return existing
    with transaction.atomic():
        company = create_company(company=kestrel(), actor=SYSTEM, at=cast.OPENING)
        role = define_role(code="administrator", name="Administrator", permissions=all_permissions())
        add_member(
            company=company, email=cast.OPERATOR_EMAIL, name="Demo Operator", role=role, actor=SYSTEM, at=cast.OPENING
        )
        with company_scope(company):
            activate_plugins()
            create_catalog()
            set_policies()
    return company


def kestrel() -> Company:
    """Return the unsaved company."""
    return Company(
        code=cast.CODE,
        name="Kestrel Networks",
        currency="EUR",
        zone=cast.ZONE,
        sandbox=True,
        clock_at=cast.OPENING,
        address="Harbour Quay 4\n1011 AB Amsterdam\nNetherlands",
        email="billing@kestrel.example",
        payment_note="Bank transfer: IBAN NL02ABNA0123456789, please quote the invoice number.",
        due_days=cast.DUE_DAYS,
    )


def activate_plugins() -> None:
    """Activate a gateway, a renderer, a channel and a provisioning log, all on this machine."""
    folder = home() / "outside" / cast.CODE
    for hook, plugin, parameters in (
        (GATEWAY, "sandbox", {"folder": str(folder / "gateway")}),
        (RENDERER, "typst", {}),
        (CHANNEL, "mailbox", {"folder": str(home() / "mailbox" / cast.CODE)}),
        (PROVISIONING, "log", {"file": str(folder / "network.log")}),
    ):
        activate(hook=hook, plugin=plugin, code=plugin, parameters=parameters, actor=SYSTEM, at=cast.OPENING)


def create_catalog() -> None:
    """Create the voice plan: a monthly fee in advance, and calls in arrears over a rate card."""
    create_account_type(code="business", name="Business", actor=SYSTEM, at=cast.OPENING)
    line = create_product(code="voice-line", name="VoIP line", kind="recurring", actor=SYSTEM, at=cast.OPENING)
    calls = create_product(code="calls", name="Calls", kind="usage", unit="s", actor=SYSTEM, at=cast.OPENING)
    late = create_product(
        code="late-fee", name="Late fee", kind="penalty", revenue_account="penalty", actor=SYSTEM, at=cast.OPENING
    )
    card = import_rate_card(
        code="world",
        name="World, one price",
        rates=[
            NewRate(
                prefix=row.prefix,
                destination=row.destination,
                price_per_minute=Decimal(row.price_per_minute),
                valid_from=OPENED,
            )
            for row in rate_card_rows(cast.PRICE_PER_MINUTE)
        ],
        actor=SYSTEM,
        at=cast.OPENING,
    )
    publish_price(
        product=line,
        model="flat",
        parameters={"amount": str(cast.MONTHLY_FEE)},
        valid_from=OPENED,
        actor=SYSTEM,
        at=cast.OPENING,
    )
    publish_price(
        product=late,
        model="flat",
        parameters={"amount": cast.LATE_FEE},
        valid_from=OPENED,
        actor=SYSTEM,
        at=cast.OPENING,
    )
    publish_price(
        product=calls, model=RATE_CARD, parameters={}, rate_card=card, valid_from=OPENED, actor=SYSTEM, at=cast.OPENING
    )
    set_tax_rate(
        tax_category="standard",
        code="exempt",
        name="VAT exempt",
        percent=Decimal(0),
        category="E",
        reason="Exempt from VAT under the scheme for small enterprises.",
        valid_from=OPENED,
        actor=SYSTEM,
        at=cast.OPENING,
    )
    items = [NewPlanItem(product="voice-line", timing="in_advance"), NewPlanItem(product="calls", timing="in_arrears")]
    create_plan(code="voice", name="VoIP", items=items, actor=SYSTEM, at=cast.OPENING)


def set_policies() -> None:
    """Set up the switch, the retries and the dunning steps."""
    create_source(
        code="pbx",
        name="Asterisk, Amsterdam",
        format_code="asterisk",
        zone=cast.ZONE,
        parameters={"country_code": "31"},
        actor=SYSTEM,
        at=cast.OPENING,
    )
    set_retry_days(days=cast.RETRY_DAYS, actor=SYSTEM, at=cast.OPENING)
    steps = [
        NewStep(name="Reminder", days=1, actions=(Remind(template="reminder"),)),
        NewStep(
            name="Final notice",
            days=7,
            actions=(Remind(template="final_notice"), Penalise(product="late-fee", kind="flat", figure=cast.LATE_FEE)),
        ),
        NewStep(name="Suspension", days=14, actions=(Remind(template="suspended"), Suspend())),
    ]
    set_steps(steps=steps, actor=SYSTEM, at=cast.OPENING)
