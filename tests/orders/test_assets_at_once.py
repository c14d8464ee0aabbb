"""However many ask at once, an asset goes to one of them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from tests.builders import CLERK, OPENING, make_catalog, make_company, sign_up_customer
from tests.orders.pools import BY, did, make_pools, sim, voice_line

from billhook.core.errors import Refusal
from billhook.foundation.scope import company_scope
from billhook.orders.asset_queries import asset_type_by_code, pool_counts
from billhook.orders.asset_refusals import AssetAssignedError, AssetReservedError, DuplicateAssetError
from billhook.orders.identifiers import IdentifierTakenError
from billhook.orders.models import Asset, AssetAssignment, UsageIdentifier
from billhook.orders.operations.assets.assign import assign
from billhook.orders.operations.assets.create import NewAssets, create_assets
from billhook.orders.operations.assets.reserve import reserve, reserve_next

UNTIL = OPENING + timedelta(hours=1)
THREADS = 8


@pytest.fixture
def company(committed):
    company = make_company()
    with company_scope(company):
        make_catalog()
        make_pools("31201234500-31201234599")
        for number in ("1001", "1002"):
            sign_up_customer(number, identifiers=())
    return company


def at_once(company, work, threads=2):
    """Run a piece of work in threads that begin together, each on a connection of its own; return what came of it."""
    barrier = threading.Barrier(threads)

    def run(ordinal):
        barrier.wait()
        try:
            with company_scope(company):
                return work(ordinal)
        except Refusal as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def of_kind(found, kind):
    return [one for one in found if isinstance(one, kind)]


def test_of_two_assignments_on_two_connections_one_is_refused_by_name(company):
    def work(ordinal):
        return assign(asset=did(), line=voice_line(f"O-00000{ordinal + 1}"), **BY)

    found = at_once(company, work)
    with company_scope(company):
        held = AssetAssignment.objects.get()
        (refused,) = of_kind(found, AssetAssignedError)
        assert f"31201234500 is assigned to order {held.line.order.number}" in str(refused)
        assert UsageIdentifier.objects.get().line.order == held.line.order


def test_a_second_connection_waits_for_the_first_and_is_then_refused(company):
    begun, waited = threading.Event(), []

    def second():
        begun.wait()
        try:
            with company_scope(company):
                assign(asset=did(), line=voice_line("O-000002"), **BY)
        except AssetAssignedError as refused:
            waited.append(str(refused))
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    with company_scope(company):
        assign(asset=did(), line=voice_line(), **BY)
        begun.set()
        thread.join(timeout=0.5)
        assert thread.is_alive()
    thread.join(timeout=30)
    assert waited == ["31201234500 is assigned to order O-000001: unassign it there first, or take another."]


def test_of_two_reservations_one_is_refused_by_name(company):
    found = at_once(company, lambda ordinal: reserve(asset=did(), holder=f"100{ordinal}", until=UNTIL, **BY))
    (refused,) = of_kind(found, AssetReservedError)
    with company_scope(company):
        assert f"reserved for {did().held_for}" in str(refused)


def test_eight_who_draw_from_a_pool_of_a_hundred_get_each_their_own(company):
    def work(ordinal):
        kind, drawn = asset_type_by_code("did"), []
        for _ in range(12):
            with transaction.atomic():
                drawn += reserve_next(kind=kind, group="amsterdam", holder=f"session-{ordinal}", until=UNTIL, **BY)
        return [asset.identifier for asset in drawn]

    found = at_once(company, work, THREADS)
    assert [len(drawn) for drawn in found] == [12] * THREADS
    assert len({identifier for drawn in found for identifier in drawn}) == 12 * THREADS
    with company_scope(company):
        assert pool_counts()["did"]["available"] == 4
        assert Asset.objects.filter(status="reserved", held_for="session-3").count() == 12


def test_of_two_who_create_the_same_range_one_is_refused_by_name(company):
    def work(ordinal):
        new = NewAssets(identifiers=[f"8939{place:03d}" for place in range(500)], group=f"box {ordinal}")
        return create_assets(kind=asset_type_by_code("sim"), new=new, **BY)

    found = at_once(company, work)
    (refused,) = of_kind(found, DuplicateAssetError)
    assert "8939000, wanted for box" in str(refused)
    assert found.count(500) == 1
    with company_scope(company):
        assert pool_counts()["sim"]["available"] == 505
        assert sim("8939499").status == "available"


def test_a_number_is_not_claimed_by_an_assignment_and_a_new_order_at_once(company):
    def work(ordinal):
        if ordinal:
            return assign(asset=did(), line=voice_line(), **BY)
        return sign_up_customer("1003", identifiers=("31201234500",), at=OPENING + timedelta(seconds=1))

    found = at_once(company, work)
    assert len(of_kind(found, IdentifierTakenError)) == 1
    with company_scope(company):
        assert UsageIdentifier.objects.filter(value="31201234500").count() == 1


def test_many_who_assign_to_one_order_at_once_all_get_through(company):
    def work(ordinal):
        for place in range(10):
            with transaction.atomic():
                assign(asset=did(f"312012345{ordinal}{place}"), line=voice_line(), actor=CLERK, at=OPENING)
        return 10

    assert at_once(company, work, 4) == [10] * 4
    with company_scope(company):
        assert AssetAssignment.objects.filter(until_at=None).count() == 40
