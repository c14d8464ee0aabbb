"""Order lines get assets, give them back and swap them; usage that names one follows to the instant."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.builders import CLERK, OPENING, make_catalog, make_company, sign_up_customer
from tests.orders.pools import BY, did, make_pools, sim, voice_line

from billhook.customers.queries import by_number
from billhook.foundation.events import Occasion, from_record
from billhook.foundation.jobs import tick
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope
from billhook.orders.asset_queries import (
    asset_type_by_code,
    assets_of_customers,
    assets_of_lines,
    assets_of_order,
    history,
)
from billhook.orders.asset_refusals import (
    AssetAssignedError,
    AssetDoesNotFitError,
    AssetInUseError,
    AssetNotAssignedError,
    AssetQuarantinedError,
    AssetReservedError,
    AssetRetiredError,
    AssetTimeError,
    OrderTakesNoAssetError,
    SwapRefusedError,
    UsageLineUnclearError,
)
from billhook.orders.events import OrderEnded
from billhook.orders.identifiers import IdentifierTakenError
from billhook.orders.models import Asset, AssetAssignment, AssetType, Order, OrderLine, UsageIdentifier
from billhook.orders.operations.assets.assign import assign
from billhook.orders.operations.assets.reserve import reserve
from billhook.orders.operations.assets.retire import retire
from billhook.orders.operations.assets.swap import swap
from billhook.orders.operations.assets.unassign import unassign
from billhook.orders.queries import usage_guide
from billhook.orders.reactions import order_over

LATER = OPENING + timedelta(days=9)
MONTH = timedelta(days=30)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def company(db):
    company = make_company()
    with company_scope(company):
        make_catalog()
        make_pools()
        sign_up_customer("1001", identifiers=())
        sign_up_customer("1002", identifiers=())
        yield company


def sentences(name):
    return [from_record(record).describe() for record in EventRecord.objects.filter(name=name).order_by("id")]


def meanings(value="31201234500"):
    found = UsageIdentifier.objects.filter(value=value).order_by("valid_from")
    return [(one.kind, f"{one.line.order}/{one.line.position}", one.valid_from, one.valid_until) for one in found]


def test_an_assigned_number_is_a_usage_identifier_of_its_orders_usage_line():
    assert assign(asset=did(), line=voice_line(), **BY).status == "assigned"
    assert meanings() == [("number", "O-000001/2", OPENING, None)]
    assert [(row.identifier, row.customer) for row in usage_guide()] == [("31201234500", "1001")]
    assert sentences("asset.assigned") == ["31201234500 was assigned to line 1 of order O-000001."]
    assert EventRecord.objects.get(name="asset.assigned").customer == "1001"


def test_a_number_on_a_usage_line_belongs_to_that_line():
    lines = OrderLine.objects.filter(order__number="O-000001", kind="usage")
    second = lines.get()
    second.pk, second.position = None, 3
    second.save()
    with pytest.raises(UsageLineUnclearError, match="O-000001 has several usage lines: assign 31201234500 to the one"):
        assign(asset=did(), line=voice_line(), **BY)
    assign(asset=did(), line=second, **BY)
    assert meanings() == [("number", "O-000001/3", OPENING, None)]


def test_an_asset_that_usage_does_not_name_is_no_identifier():
    assign(asset=sim(), line=voice_line(), **BY)
    OrderLine.objects.filter(order__number="O-000002", kind="usage").update(kind="recurring")
    assign(asset=did(), line=voice_line("O-000002"), **BY)
    assert not UsageIdentifier.objects.exists()


def test_a_number_that_usage_of_another_order_carries_is_refused_whole():
    sign_up_customer("1003", identifiers=("31201234500",))
    with pytest.raises(IdentifierTakenError, match="31201234500 belongs to order O-000003"), transaction.atomic():
        assign(asset=did(), line=voice_line(), **BY)
    assert did().status == "available"
    assert not AssetAssignment.objects.exists()


def test_a_reservation_of_the_same_customer_or_session_ends_in_the_assignment():
    for identifier, holder in (("31201234500", "1001"), ("31201234501", "session-7")):
        reserve(asset=did(identifier), holder=holder, until=LATER, **BY)
        taken = assign(asset=did(identifier), line=voice_line(), holder="session-7", **BY)
        assert (taken.status, taken.held_for, taken.until) == ("assigned", "", None)


def test_what_is_not_free_is_refused_by_its_own_name():
    reserve(asset=did(), holder="1002", until=LATER, **BY)
    with pytest.raises(AssetReservedError, match="reserved for 1002"):
        assign(asset=did(), line=voice_line(), **BY)
    taken, resting = did("31201234501"), did("31201234502")
    assign(asset=taken, line=voice_line("O-000002"), **BY)
    with pytest.raises(AssetAssignedError, match="31201234501 is assigned to order O-000002: unassign it there"):
        assign(asset=taken, line=voice_line(), **BY)
    with pytest.raises(AssetInUseError, match="is assigned: unassign it before"):
        retire(asset=taken, reason="lost", **BY)
    assign(asset=resting, line=voice_line(), **BY)
    unassign(asset=resting, reason="moved", actor=CLERK, at=LATER)
    with pytest.raises(AssetQuarantinedError, match="in quarantine until 2026-04-09 07:00"):
        assign(asset=resting, line=voice_line(), actor=CLERK, at=LATER)
    retire(asset=resting, reason="ported out", actor=CLERK, at=LATER)
    with pytest.raises(AssetRetiredError):
        assign(asset=resting, line=voice_line(), actor=CLERK, at=LATER)


@pytest.mark.parametrize(
    ("status", "taken"),
    [("pending", True), ("active", True), ("suspended", False), ("ended", False), ("cancelled", False)],
)
def test_a_pending_or_active_order_takes_assets(status, taken):
    Order.objects.filter(number="O-000001").update(status=status)
    if taken:
        assign(asset=did(), line=voice_line(), **BY)
    else:
        with pytest.raises(OrderTakesNoAssetError, match=f"O-000001 is {status}: assign assets to a pending or active"):
            assign(asset=did(), line=voice_line(), **BY)
    assert AssetAssignment.objects.count() == taken


def test_an_asset_goes_with_the_products_of_its_type():
    AssetType.objects.filter(code="did").update(products=["calls"])
    with pytest.raises(AssetDoesNotFitError, match="31201234500 does not go with voice-line: assign it to calls"):
        assign(asset=did(), line=voice_line(), **BY)
    assign(asset=did(), line=voice_line(position=2), **BY)


def test_what_is_given_back_rests_and_is_then_free_by_itself(company):
    assign(asset=did(), line=voice_line(), **BY)
    assert unassign(asset=did(), reason="moved", actor=CLERK, at=LATER).until == LATER + MONTH
    assert meanings() == [("number", "O-000001/2", OPENING, LATER)]
    assert sentences("asset.unassigned") == ["31201234500 was taken from line 1 of order O-000001: moved."]
    with company_scope(company):
        tick(company, LATER + MONTH - HOUR)
        assert did().status == "quarantined"
        tick(company, LATER + MONTH)
        assert did().status == "available"
    assert sentences("asset.freed") == ["31201234500 is available again: its quarantine has ended."]
    assign(asset=did(), line=voice_line("O-000002"), actor=CLERK, at=LATER + MONTH)
    assert [one.line.order.customer.number for one in history(did())] == ["1002", "1001"]
    assert meanings()[1] == ("number", "O-000002/2", LATER + MONTH, None)


def test_an_asset_without_quarantine_is_free_at_once():
    assign(asset=sim(), line=voice_line(), **BY)
    assert unassign(asset=sim(), reason="moved", **BY).status == "available"
    assign(asset=sim(), line=voice_line("O-000002"), **BY)
    assert [(one.ordinal, one.until_at) for one in history(sim())] == [(2, None), (1, OPENING)]


def test_what_ends_as_it_begins_has_never_meant_anybody():
    assign(asset=did(), line=voice_line(), **BY)
    unassign(asset=did(), reason="mistake", **BY)
    assert meanings() == []
    assert history(did()).count() == 1


def test_an_assignment_does_not_end_before_it_begins_and_only_once():
    assign(asset=did(), line=voice_line(), **BY)
    with pytest.raises(AssetTimeError, match="assigned from 2026-03-01 07:00 on: end it no earlier"):
        unassign(asset=did(), reason="moved", actor=CLERK, at=OPENING - HOUR)
    unassign(asset=did(), reason="moved", actor=CLERK, at=LATER)
    with pytest.raises(AssetNotAssignedError, match="31201234500 is quarantined and no order has it"):
        unassign(asset=did(), reason="moved", actor=CLERK, at=LATER)


def test_a_swapped_number_leaves_no_gap():
    assign(asset=did(), line=voice_line(), **BY)
    new = swap(old=did(), new=did("31201234501"), reason="nuisance calls", actor=CLERK, at=LATER)
    assert (new.status, did().status) == ("assigned", "quarantined")
    assert meanings() == [("number", "O-000001/2", OPENING, LATER)]
    assert meanings("31201234501") == [("number", "O-000001/2", LATER, None)]
    assert [held.asset.identifier for held in assets_of_order(Order.objects.get(number="O-000001"))] == ["31201234501"]
    told = "31201234501 replaced 31201234500 on line 1 of order O-000001: nuisance calls."
    assert sentences("asset.swapped") == [told]
    assert not sentences("asset.unassigned")


def test_a_suspended_orders_card_is_swapped_and_an_ended_ones_is_not():
    assign(asset=sim(), line=voice_line(), **BY)
    Order.objects.filter(number="O-000001").update(status="suspended")
    swap(old=sim(), new=sim("8931002"), reason="lost", actor=CLERK, at=LATER)
    Order.objects.filter(number="O-000001").update(status="ended")
    with pytest.raises(OrderTakesNoAssetError):
        swap(old=sim("8931002"), new=sim("8931003"), reason="lost", actor=CLERK, at=LATER)


def test_a_swap_that_cannot_be_leaves_everything():
    assign(asset=sim(), line=voice_line(), **BY)
    reserve(asset=sim("8931002"), holder="1002", until=LATER, **BY)
    attempts = [
        (sim(), sim(), SwapRefusedError),
        (sim(), did(), SwapRefusedError),
        (sim("8931003"), sim("8931004"), AssetNotAssignedError),
        (sim(), sim("8931002"), AssetReservedError),
    ]
    for old, new, error in attempts:
        with pytest.raises(error), transaction.atomic():
            swap(old=old, new=new, reason="lost", **BY)
    assert [held.asset.identifier for held in assets_of_order(Order.objects.get(number="O-000001"))] == ["8931001"]


def test_an_order_that_is_over_gives_everything_back(company):
    for asset in (did(), sim()):
        assign(asset=asset, line=voice_line(), **BY)
    order = Order.objects.get(number="O-000001")
    Order.objects.filter(pk=order.pk).update(status="cancelled")
    event = OrderEnded(customer="1001", order=order.number, on=LATER.date())
    for _ in range(2):
        order_over(event, Occasion(company=company, actor=CLERK, at=LATER, record_id=0))
    assert assets_of_order(order) == []
    assert (did().status, sim().status) == ("quarantined", "available")
    assert sentences("asset.unassigned")[0].endswith("of order O-000001: the order is cancelled.")
    assert [task.verb for task in order.provisioning.order_by("id")] == ["activate", "change", "change", "terminate"]
    assert len(order.provisioning.last().requested["assets"]) == 2


def test_what_many_lines_and_customers_have_is_read_in_one_query():
    kind = asset_type_by_code("did")
    for number, asset in enumerate(Asset.objects.filter(type=kind).order_by("id")):
        assign(asset=asset, line=voice_line(f"O-00000{number % 2 + 1}", number % 2 + 1), **BY)
    customers, lines = [by_number("1001"), by_number("1002")], list(OrderLine.objects.all())
    with CaptureQueriesContext(connection) as captured:
        of_customers = assets_of_customers(customers)
        of_lines = assets_of_lines(lines)
        shown = [str(held.line) for found in of_customers.values() for held in found]
    assert len(captured) == 2
    assert [len(of_customers[customer.pk]) for customer in customers] == [5, 5]
    assert [len(of_lines.get(line.pk, [])) for line in lines] == [5, 0, 0, 5]
    assert len(shown) == 10


def test_the_database_lets_one_line_have_an_asset():
    assign(asset=did(), line=voice_line(), **BY)
    with pytest.raises(IntegrityError, match="asset_assignment_one_open"), transaction.atomic():
        AssetAssignment.objects.create(asset=did(), ordinal=9, line=voice_line("O-000002"), from_at=LATER)
    with pytest.raises(IntegrityError, match="asset_assignment_dates"), transaction.atomic():
        AssetAssignment.objects.update(until_at=OPENING - HOUR)


def test_an_asset_that_only_the_database_knows_to_be_taken_is_refused_by_name():
    AssetAssignment.objects.create(asset=did(), ordinal=7, line=voice_line("O-000002"), from_at=OPENING)
    with pytest.raises(AssetAssignedError, match="assigned to order O-000002"):
        assign(asset=did(), line=voice_line(), **BY)


def test_a_version_of_the_line_that_starts_later_is_guided_from_its_start():
    Order.objects.filter(number="O-000001").update(starts_on=date(2026, 3, 1))
    assign(asset=did(), line=voice_line(), actor=CLERK, at=OPENING - timedelta(days=5))
    assert [row.valid_from for row in usage_guide()] == [OPENING - timedelta(hours=8)]
