"""Existing customers keep their price version until they are moved, previewed, a chunk at a time."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from tests.billing.playing import APRIL, MARCH, bill_date, load, open_books
from tests.builders import CLERK, OPENED, OPENING, call, write_calls
from tests.orders.changing import PER_SEAT, at, lines_of

from billhook.catalog.models import Price
from billhook.catalog.operations.prices import RATE_CARD, publish_price
from billhook.catalog.operations.rates import import_rate_card
from billhook.catalog.queries import product_by_code
from billhook.catalog.rates import NewRate
from billhook.foundation.digest import digest
from billhook.foundation.scope import company_scope
from billhook.orders.migration import Migration, preview_migration
from billhook.orders.models import Order, OrderChange, OrderLineVersion
from billhook.orders.operations.cancel import cancel_order
from billhook.orders.operations.migrate import migrate
from billhook.reports.verify import verify

DAY = date(2026, 3, 17)


@pytest.fixture
def company(db, tmp_path, monkeypatch):
    company = open_books(tmp_path, monkeypatch, customers=5)
    bill_date(company, MARCH)
    with company_scope(company):
        line = product_by_code("voice-line")
        publish_price(
            product=line, model="flat", parameters={"amount": "24.00"}, valid_from=DAY, actor=CLERK, at=OPENING
        )
    return company


def dearer(**chosen):
    return Migration(to=Price.objects.get(product__code="voice-line", version=2), on=DAY, **chosen)


def test_a_newer_price_moves_nobody_by_itself(company):
    assert lines_of(company, APRIL) == [("04-01", "20.00")]


def test_the_preview_counts_and_sums_and_changes_nothing(company):
    before = digest(company)
    with company_scope(company):
        OrderLineVersion.objects.filter(line__order__customer__number="1005", line__position=1).update(
            quantity=Decimal(2)
        )
        found = preview_migration(dearer())
        assert (found.currency, found.lines, found.before, found.after) == ("EUR", 5, Decimal(100), Decimal(120))
        assert {item.after - item.before for item in found.largest} == {Decimal(4)}
        assert preview_migration(dearer(account_type="nobody")).lines == 0
        assert preview_migration(dearer(plan="voice", from_version=1, account_type="business")).lines == 5
        assert preview_migration(dearer(from_version=2)).lines == 0
        OrderLineVersion.objects.filter(line__order__customer__number="1005", line__position=1).update(
            quantity=Decimal(1)
        )
    assert digest(company) == before


def test_a_migration_goes_on_where_it_was_interrupted_and_moves_nobody_twice(company):
    with company_scope(company):
        first = migrate(migration=dearer(), limit=2, actor=CLERK, at=at(3, 10))
        assert (first.moved, first.refused) == (2, ())
        second = migrate(migration=dearer(), limit=2, after=first.after, actor=CLERK, at=at(3, 10))
        anew = migrate(migration=dearer(), actor=CLERK, at=at(3, 10))
        assert (second.moved, anew.moved, anew.after) == (2, 1, None)
        assert migrate(migration=dearer(), actor=CLERK, at=at(3, 10)).moved == 0
        assert OrderChange.objects.filter(kind="migrate").count() == 5
    # 20.00 * 15/31 = 9.677...; 24.00 * 15/31 + 24.00 = 35.612...
    assert lines_of(company, APRIL) == [("03-17", "-9.68"), ("03-17", "11.61"), ("04-01", "24.00")]
    assert verify(company) == []


def test_who_cannot_be_moved_is_named_and_stops_nobody(company):
    with company_scope(company):
        leaving = Order.objects.get(customer__number="1002")
        cancel_order(order=leaving, reason="gone", on=date(2026, 3, 20), actor=CLERK, at=at(3, 10))
        migrate(migration=dearer(), actor=CLERK, at=at(3, 10))
        own = OrderLineVersion.objects.get(line__order__customer__number="1003", line__position=1, ends_on=None)
        own.price, own.own_price = None, {"model": PER_SEAT.model, "parameters": PER_SEAT.parameters}
        own.save()
        third = publish_price(
            product=product_by_code("voice-line"),
            model="flat",
            parameters={"amount": "25.00"},
            valid_from=DAY - timedelta(days=1),
            actor=CLERK,
            at=OPENING,
        )
        found = migrate(migration=Migration(to=third, on=DAY), actor=CLERK, at=at(3, 11))
        assert found.moved == 0
        assert len(found.refused) == 4
        assert all("undo that change first" in why for _, why in found.refused)


def test_usage_of_a_month_in_which_its_price_changes_is_billed_in_two_parts(company, tmp_path):
    with company_scope(company):
        calls, by = product_by_code("calls"), {"actor": CLERK, "at": OPENING}
        rate = NewRate(prefix="31", destination="Netherlands", price_per_minute=Decimal("0.10"), valid_from=OPENED)
        card = import_rate_card(code="dear", name="Dear", rates=[rate], **by)
        to = publish_price(product=calls, model=RATE_CARD, parameters={}, rate_card=card, valid_from=DAY, **by)
        migrate(migration=Migration(to=to, on=DAY), actor=CLERK, at=at(3, 10))
    spoken = [call("KN1001", 600, datetime(2026, 3, day, 9), ordinal=day) for day in (16, 17, 18)]  # noqa: DTZ001
    load(company, write_calls(tmp_path / "Master.csv", spoken))
    assert lines_of(company, APRIL) == [("04-01", "20.00"), ("03-01", "0.50"), ("03-17", "2.00")]
    assert verify(company) == []
