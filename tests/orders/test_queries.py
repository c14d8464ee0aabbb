"""What was agreed as the core and the usage lane read it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.builders import CLERK, FIRST_DAY, OPENED, OPENING, make_catalog, make_company, sign_up_customer

from billhook.catalog.models import Product
from billhook.catalog.operations.prices import RATE_CARD, publish_price
from billhook.catalog.operations.rates import import_rate_card
from billhook.catalog.rates import NewRate
from billhook.core.draft import bill
from billhook.customers.models import Customer
from billhook.foundation.scope import company_scope
from billhook.orders.bulk import BilledThrough, mark_billed_through
from billhook.orders.models import Order, OrderLine, OrderLineVersion, UsageIdentifier
from billhook.orders.operations.charge import add_charge
from billhook.orders.queries import (
    agreement,
    agreements,
    current_versions,
    line_ids,
    matching,
    status_counts,
    unbilled_versions,
    usage_guide,
    usage_line_ids,
    version_ids,
)

BY = {"actor": CLERK, "at": OPENING}
MID_MARCH = date(2026, 3, 15)


@pytest.fixture(autouse=True)
def company(db):
    company = make_company()
    with company_scope(company):
        make_catalog()
        yield company


def charge(customer, amount="5.00"):
    fee = Product.objects.get(code="late-fee")
    return add_charge(customer=customer, product=fee, amount=Decimal(amount), description="Fee", **BY)


def change_calls(on: date) -> OrderLineVersion:
    """Let the first order's calls be rated by a dearer card from a day on."""
    rates = [NewRate(prefix="31", destination="x", price_per_minute=Decimal(1), valid_from=OPENED)]
    card = import_rate_card(code="dear", name="Dear", rates=rates, **BY)
    calls = Product.objects.get(code="calls")
    price = publish_price(product=calls, model=RATE_CARD, parameters={}, rate_card=card, valid_from=on, **BY)
    old = OrderLineVersion.objects.get(line__order__number="O-000001", line__product=calls)
    OrderLineVersion.objects.filter(pk=old.pk).update(ends_on=on)
    return OrderLineVersion.objects.create(line=old.line, version=2, price=price, starts_on=on)


def guide():
    return [(row.identifier, row.order_line, row.card, row.valid_from, row.valid_to) for row in usage_guide()]


def test_an_agreement_holds_every_line_with_its_price():
    customer = sign_up_customer("1001").customer
    found = agreement(customer)
    assert (found.customer, found.currency.code, found.zone) == ("1001", "EUR", "Europe/Amsterdam")
    assert [(line.key, str(line.kind), line.price is None) for line in found.lines] == [
        ("O-000001/1/v1", "recurring", False),
        ("O-000001/2/v1", "usage", True),
    ]
    assert str(bill(found, (), FIRST_DAY).total.amount) == "20.00"


def test_the_number_of_queries_does_not_depend_on_how_many_customers():
    def queries():
        customers = list(Customer.objects.order_by("number"))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            found = agreements(customers)
        assert len(found) == len(customers)
        assert all(len(one.lines) >= 2 for one in found.values())
        return len(captured)

    charge(sign_up_customer("1001").customer)
    one = queries()
    for number in range(1002, 1012):
        charge(sign_up_customer(str(number)).customer)
    assert queries() == one <= 5


def test_what_is_billed_to_its_end_is_not_read_again():
    customer = sign_up_customer("1001").customer
    charge(customer)
    lines = {version.line.kind: version for version in unbilled_versions([customer])}
    assert set(lines) == {"recurring", "usage", "penalty"}
    OrderLineVersion.objects.filter(pk=lines["penalty"].pk).update(billed_through=FIRST_DAY)
    OrderLineVersion.objects.filter(pk__in=[lines["recurring"].pk, lines["usage"].pk]).update(
        ends_on=MID_MARCH, billed_through=MID_MARCH
    )
    # Late usage may still come in; a fee that is billed to its end is done with.
    assert {version.line.kind for version in unbilled_versions([customer])} == {"usage"}


def test_what_was_billed_moves_forward_only(company):
    sign_up_customer("1001")
    version = OrderLineVersion.objects.get(line__position=1)
    april, may = date(2026, 4, 1), date(2026, 5, 1)
    assert mark_billed_through([BilledThrough(version.pk, april), BilledThrough(version.pk, may)]) == 1
    assert mark_billed_through([BilledThrough(version.pk, april)]) == 0
    assert mark_billed_through([]) == 0
    with company_scope(make_company("merlin")):
        assert mark_billed_through([BilledThrough(version.pk, date(2027, 1, 1))]) == 0
    version.refresh_from_db()
    assert version.billed_through == may
    assert company.code == "kestrel"


def test_the_guide_says_whose_service_an_identifier_is():
    sign_up_customer("1001", identifiers=("KN1001", "0201234567"))
    sign_up_customer("1002", zone="America/New_York")
    assert guide() == [
        ("0201234567", "O-000001/2", "world", OPENING, None),
        ("KN1001", "O-000001/2", "world", OPENING, None),
        ("KN1002", "O-000002/2", "world", OPENING, None),
    ]
    row = usage_guide()[0]
    assert (row.customer, row.product, row.zone) == ("1001", "calls", "Europe/Amsterdam")


def test_the_guide_changes_cards_at_the_customers_midnight():
    sign_up_customer("1001")
    sign_up_customer("1002")
    change_calls(on=MID_MARCH)
    midnight = datetime(2026, 3, 14, 23, tzinfo=UTC)
    assert guide() == [
        ("KN1001", "O-000001/2", "world", OPENING, midnight),
        ("KN1001", "O-000001/2", "dear", midnight, None),
        ("KN1002", "O-000002/2", "world", OPENING, None),
    ]


def test_the_guide_keeps_to_the_dates_of_the_identifier():
    sign_up_customer("1001")
    change_calls(on=MID_MARCH)
    end = datetime(2026, 3, 20, 12, tzinfo=UTC)
    UsageIdentifier.objects.update(valid_until=end)
    assert [row[3:] for row in guide()][1] == (datetime(2026, 3, 14, 23, tzinfo=UTC), end)
    UsageIdentifier.objects.update(valid_until=OPENING + timedelta(hours=1))
    assert [row[2] for row in guide()] == ["world"]


def test_an_order_that_begins_later_has_no_guide_before_its_first_day():
    sign_up_customer("1001", first_day=date(2026, 4, 1))
    # In April Amsterdam keeps summer time.
    assert guide()[0][3] == datetime(2026, 3, 31, 22, tzinfo=UTC)


def test_lines_and_versions_are_found_by_their_names():
    customer = sign_up_customer("1001").customer
    line = OrderLine.objects.get(position=2)
    version = OrderLineVersion.objects.get(line=line)
    assert line_ids(["O-000001/2", "O-000001/9", "O-9/1"]) == {"O-000001/2": line.pk}
    assert version_ids(["O-000001/2/v1", "O-000001/2/v2"]) == {"O-000001/2/v1": version.pk}
    assert usage_line_ids([customer]) == {customer.pk: [line.pk]}


def test_orders_are_found_by_what_people_know_of_them():
    sign_up_customer("1001", name="Harbour Bakery")
    sign_up_customer("1002", name="Linden Dental Practice")
    Order.objects.filter(number="O-000002").update(status="suspended")
    for text in ("O-000001", "1001", "bakery", "KN1001"):
        assert [order.number for order in matching(text=text)] == ["O-000001"]
    assert [order.number for order in matching(text="voip")] == ["O-000002", "O-000001"]
    assert [order.number for order in matching(status="suspended")] == ["O-000002"]
    assert status_counts() == {"all": 2, "active": 1, "suspended": 1, "ended": 0, "cancelled": 0}


def test_current_versions_are_those_that_run_or_will():
    customer = sign_up_customer("1001").customer
    change_calls(on=MID_MARCH)
    before = [version.version for version in current_versions([customer], on=FIRST_DAY)]
    after = [version.version for version in current_versions([customer], on=MID_MARCH)]
    assert (before, after) == ([1, 1, 2], [1, 2])


def test_another_companys_orders_are_not_read():
    customer = sign_up_customer("1001").customer
    with company_scope(make_company("merlin")):
        assert agreement(customer).lines == ()
        assert usage_guide() == []
        assert not matching().exists()
