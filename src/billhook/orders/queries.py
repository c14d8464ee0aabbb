"""Reads of orders: agreements for the core, the guide for the usage lane, and look-ups for pages."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, F, Q, QuerySet

from billhook.catalog.queries import price_model, tax_policy
from billhook.core.agreement import AgreedLine, Agreement, Alignment, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.calendar import day_start, local_date
from billhook.core.money import currency
from billhook.core.price import PriceModel
from billhook.core.price.chain import Chain, Multiplier
from billhook.core.proration import Basis
from billhook.customers.models import Customer
from billhook.orders.models import Order, OrderLine, OrderLineVersion, UsageIdentifier

AgreedVersion = OrderLineVersion
"""What was agreed about an order line for a stretch of time, as pages read it."""

LIVE = ("active", "suspended", "ended", "cancelled")
RATE_CARD = "rate_card"


def local_day(at: datetime, customer: Customer) -> date:
    """Return the date of an instant where a customer lives."""
    return local_date(at, customer.zone)


def line_key(line: OrderLine) -> str:
    """Return the name of an order line outside the database: its order's number and its position."""
    return f"{line.order.number}/{line.position}"


def line_ids(keys: Iterable[str]) -> Mapping[str, int]:
    """Return the primary keys of order lines by their names."""
    wanted = set(keys)
    orders = {key.partition("/")[0] for key in wanted}
    lines = OrderLine.objects.filter(order__number__in=orders).select_related("order")
    return {key: line.pk for line in lines if (key := line_key(line)) in wanted}


def cycle_of(customer: Customer) -> Cycle:
    """Return a customer's billing cycle."""
    cadence = Cadence(CadenceUnit(customer.cycle_unit), customer.cycle_count)
    return Cycle(cadence=cadence, anchor=customer.cycle_anchor, next_bill=customer.next_invoice_on)


def version_price(version: OrderLineVersion, code: str, known: dict[object, PriceModel]) -> PriceModel | None:
    """Return a version's price, made once for all versions that share it; None where usage is rated by a card.

    Args:
        version: read with its line and price.
        code: the customer's currency.
        known: the prices that were made so far.
    """
    if version.own_price is not None:
        own = price_model(version.own_price["model"], version.own_price["parameters"], code)
        return _discounted(own, version.line.discount_percent)
    price = version.price
    if price is None or price.model == RATE_CARD:
        return None
    if price.pk not in known:
        known[price.pk] = price_model(price.model, price.parameters, price.currency)
    return _discounted(known[price.pk], version.line.discount_percent)


def _discounted(price: PriceModel, percent: Decimal) -> PriceModel:
    """Return a price less the discount of its line, in percent."""
    return Chain(first=price, links=(Multiplier(factor=1 - percent / 100),)) if percent else price


def _agreed(version: OrderLineVersion, price: PriceModel | None) -> AgreedLine:
    """Return a version of an order line as the core bills it."""
    line = version.line
    key = line_key(line)
    return AgreedLine(
        key=f"{key}/v{version.version}",
        order_line=key,
        description=line.description,
        kind=ChargeKind(line.kind),
        timing=Timing(line.timing),
        cadence=Cadence(CadenceUnit(line.cadence_unit), line.cadence_count),
        quantity=version.quantity,
        unit=line.product.unit,
        price=price,
        active_from=version.starts_on,
        active_until=version.ends_on,
        order_start=line.order.starts_on,
        billed_through=version.billed_through,
        basis=Basis(line.proration),
        alignment=Alignment.PLAN if line.anchor else Alignment(line.alignment),
        anchor=line.anchor,
        tax_category=line.product.tax_category,
        product=line.product.code,
        revenue_account=line.product.revenue_account,
        position=line.position,
    )


def unbilled_versions(customers: Sequence[Customer]) -> QuerySet[OrderLineVersion]:
    """Return the line versions that a bill may have to read.

    They are those that run on, those billed short of their end, and those of which something is to be given back. The
    days decide, whatever the status of the order.
    """
    has_days = Q(ends_on=None) | Q(ends_on__gt=F("starts_on"))
    unbilled = Q(ends_on=None) | Q(billed_through=None) | Q(billed_through__lt=F("ends_on"))
    recurring = Q(line__kind="recurring") & has_days & unbilled
    once = Q(line__kind__in=["one_time", "penalty"], billed_through=None) & has_days
    read = recurring | once | Q(line__kind="usage") | Q(credit_due=True)
    return (
        OrderLineVersion.objects.filter(read, line__order__customer__in=customers)
        .select_related("line__order", "line__product", "price")
        .order_by("line__order__number", "line__position", "version")
    )


def agreements(customers: Sequence[Customer]) -> Mapping[int, Agreement]:
    """Return what is agreed with each of some customers, in a number of queries that does not depend on how many."""
    lines: dict[int, list[AgreedLine]] = defaultdict(list)
    known: dict[object, PriceModel] = {}
    codes = {customer.pk: customer.currency for customer in customers}
    for version in unbilled_versions(customers):
        owner = version.line.order.customer_id
        lines[owner].append(_agreed(version, version_price(version, codes[owner], known)))
    policy = tax_policy()
    return {
        customer.pk: Agreement(
            customer=customer.number,
            currency=currency(customer.currency),
            cycle=cycle_of(customer),
            lines=tuple(lines[customer.pk]),
            tax=policy,
            zone=customer.zone,
        )
        for customer in customers
    }


def agreement(customer: Customer) -> Agreement:
    """Return what is agreed with one customer."""
    return agreements([customer])[customer.pk]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageGuide:
    """Whose service an identifier is for some time, and by which rate card its usage is priced."""

    identifier: str
    customer: str
    order_line: str
    product: str
    card: str
    zone: str
    valid_from: datetime
    valid_to: datetime | None


def usage_guide() -> list[UsageGuide]:
    """Return every identifier with its order line, one row for each version of the line that is rated by a card."""
    identifiers = UsageIdentifier.objects.select_related("line__order__customer", "line__product").order_by(
        "value", "id"
    )
    versions: dict[int, list[OrderLineVersion]] = defaultdict(list)
    rated = OrderLineVersion.objects.filter(price__model=RATE_CARD).select_related("price__rate_card")
    for version in rated.order_by("version"):
        versions[version.line_id].append(version)
    rows = [(identifier, version) for identifier in identifiers for version in versions[identifier.line_id]]
    return [row for identifier, version in rows if (row := _guide_row(identifier, version)) is not None]


def _guide_row(identifier: UsageIdentifier, version: OrderLineVersion) -> UsageGuide | None:
    """Return the time in which an identifier means one version of its line; None where there is none."""
    customer = identifier.line.order.customer
    start = max(identifier.valid_from, day_start(version.starts_on, customer.zone))
    ends = [] if version.ends_on is None else [day_start(version.ends_on, customer.zone)]
    end = min([*ends, identifier.valid_until] if identifier.valid_until else ends, default=None)
    if version.price is None or version.price.rate_card is None or (end is not None and end <= start):
        return None
    return UsageGuide(
        identifier=identifier.value,
        customer=customer.number,
        order_line=line_key(identifier.line),
        product=identifier.line.product.code,
        card=version.price.rate_card.code,
        zone=customer.zone,
        valid_from=start,
        valid_to=end,
    )


def usage_line_ids(customers: Sequence[Customer]) -> Mapping[int, list[int]]:
    """Return the primary keys of the usage lines of each of some customers."""
    found: dict[int, list[int]] = defaultdict(list)
    lines = OrderLine.objects.filter(order__customer__in=customers, kind="usage")
    for pk, customer_id in lines.values_list("pk", "order__customer_id"):
        found[customer_id].append(pk)
    return found


def agreed_line(version: OrderLineVersion) -> AgreedLine:
    """Return a version, read with its line, order and product, as the core bills it."""
    return _agreed(version, version_price(version, version.line.order.customer.currency, {}))


def credits_due(customers: Iterable[Customer]) -> Mapping[int, tuple[AgreedLine, str]]:
    """Return the line versions of some customers that are billed beyond their end, with the zone, by primary key."""
    found = OrderLineVersion.objects.filter(credit_due=True, line__order__customer__in=list(customers))
    found = found.select_related("line__order__customer", "line__product", "price")
    return {version.pk: (agreed_line(version), version.line.order.customer.zone) for version in found}


def version_ids(keys: Iterable[str]) -> Mapping[str, int]:
    """Return the primary keys of line versions by the keys under which the core bills them."""
    wanted = set(keys)
    orders = {key.partition("/")[0] for key in wanted}
    versions = OrderLineVersion.objects.filter(line__order__number__in=orders).select_related("line__order")
    found = {f"{line_key(version.line)}/v{version.version}": version.pk for version in versions}
    return {key: pk for key, pk in found.items() if key in wanted}


def matching(*, text: str = "", status: str = "") -> QuerySet[Order]:
    """Return orders with customer and plan, newest first, of one status or of all."""
    found = Order.objects.select_related("customer", "plan").order_by("-id")
    if text:
        found = found.filter(
            Q(number__icontains=text)
            | Q(customer__number=text)
            | Q(customer__name__icontains=text)
            | Q(plan__name__icontains=text)
            | Q(lines__identifiers__value=text)
        ).distinct()
    return found.filter(status=status) if status else found


def status_counts() -> Mapping[str, int]:
    """Return how many orders there are in all and in each status."""
    by_status = {status: Count("id", filter=Q(status=status)) for status in LIVE}
    return Order.objects.aggregate(all=Count("id"), **by_status)


def current_versions(customers: Sequence[Customer], *, on: date) -> QuerySet[OrderLineVersion]:
    """Return what some customers' order lines are on a day, or will be first, with order, plan, product and price."""
    return (
        OrderLineVersion.objects.filter(line__order__customer__in=customers)
        .filter(Q(ends_on=None) | Q(ends_on__gt=on))
        .select_related("line__order__plan", "line__order__customer", "line__product", "price__rate_card")
        .order_by("-line__order__id", "line__position", "starts_on", "version")
    )
