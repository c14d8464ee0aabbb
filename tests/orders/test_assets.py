"""Assets come into being, are held for somebody for a while, and are retired."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.builders import CLERK, OPENING, make_company
from tests.orders.pools import BY, did, make_pools, sim

from billhook.foundation.events import from_record
from billhook.foundation.jobs import tick
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope
from billhook.orders.asset_queries import asset_type_by_code, matching_assets, pool_counts
from billhook.orders.asset_refusals import (
    AssetInUseError,
    AssetNotReservedError,
    AssetReservedError,
    AssetRetiredError,
    AssetTimeError,
    AssetTypeError,
    DuplicateAssetError,
    IdentifierRefusedError,
    PoolEmptyError,
    RangeError,
    UnknownAssetError,
    UnknownAssetTypeError,
)
from billhook.orders.models import Asset
from billhook.orders.operations.assets.create import (
    NewAssets,
    NewAssetType,
    create_asset_type,
    create_assets,
    identifiers_of,
)
from billhook.orders.operations.assets.reserve import release, reserve, reserve_next
from billhook.orders.operations.assets.retire import retire

HOUR = timedelta(hours=1)
UNTIL = OPENING + HOUR
FREE = {"available": 10, "reserved": 0, "assigned": 0, "quarantined": 0, "retired": 0}


@pytest.fixture(autouse=True)
def company(db):
    company = make_company()
    with company_scope(company):
        make_pools()
        yield company


def sentences(name):
    return [from_record(record).describe() for record in EventRecord.objects.filter(name=name).order_by("id")]


def create(*identifiers, group="", kind="did"):
    return create_assets(kind=asset_type_by_code(kind), new=NewAssets(identifiers=identifiers, group=group), **BY)


@pytest.mark.parametrize(
    ("text", "count", "last"),
    [
        ("31201234500-31201234999", 500, "31201234999"),
        ("007-009", 3, "009"),
        ("SN0999-SN1000", 2, "SN1000"),
        ("8931001", 1, "8931001"),
    ],
)
def test_a_range_is_every_identifier_from_one_end_to_the_other(text, count, last):
    found = identifiers_of(text)
    assert (len(found), found[0], found[-1]) == (count, text.partition("-")[0], last)
    assert found == sorted(set(found))


@pytest.mark.parametrize("text", ["9-8", "9-10", "A1-B2", "1-2-3", "-5", "5-", "0000000-9999999"])
def test_a_range_that_is_none_or_too_long_is_refused(text):
    with pytest.raises(RangeError, match="range"):
        identifiers_of(text)


def test_a_range_is_created_with_one_event():
    assert sentences("asset.created")[0] == "10 of Telephone number were created: 31201234500 to 31201234509."
    asset = did("31201234509")
    assert (asset.status, asset.group, asset.until, asset.held_for) == ("available", "amsterdam", None, "")


def test_an_identifier_that_is_there_is_refused_with_both_named_and_nothing_is_created():
    with pytest.raises(DuplicateAssetError, match="31201234503, wanted for north, is available in amsterdam already"):
        create("31201239999", "31201234503", group="north")
    with pytest.raises(DuplicateAssetError, match=r"8931001, wanted here, is .* already \(1 more as well\)"):
        create("8931002", "8931001", kind="sim")
    assert Asset.objects.count() == 15


def test_an_identifier_that_is_given_twice_is_refused_with_both_places():
    with pytest.raises(DuplicateAssetError, match="given twice, as number 1 and number 3: leave one out"):
        create("31201239998", "31201239997", "31201239998")


@pytest.mark.parametrize("identifier", ["3120123450", "312012345001", "4420123450", "31201234 00", ""])
def test_an_identifier_has_to_look_as_its_type_says(identifier):
    with pytest.raises(IdentifierRefusedError, match=r"has to match 31\[0-9\]\{9\}"):
        create(identifier)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"code": "ip v4"}, "ip v4 is no code: use"),
        ({"kind": "cow"}, "give one of number, sim"),
        ({"pattern": "31[0-9"}, "cannot be read"),
        ({"quarantine_days": -1}, "give 0 or more"),
        ({"code": "did"}, "choose another code"),
    ],
)
def test_a_type_that_cannot_be_is_refused(given, words):
    with pytest.raises(AssetTypeError, match=words):
        create_asset_type(new=NewAssetType(**{"code": "ip", "name": "Address", "kind": "address", **given}), **BY)


def test_types_and_assets_that_are_not_there_are_named():
    with pytest.raises(UnknownAssetTypeError, match="no type of asset dids: use one of did, sim"):
        asset_type_by_code("dids")
    with pytest.raises(UnknownAssetError, match="no Telephone number 31999999999 in use"):
        did("31999999999")


def test_an_asset_is_held_for_one_and_refused_to_others_by_name():
    assert reserve(asset=did(), holder="1001", until=UNTIL, **BY).status == "reserved"
    with pytest.raises(AssetReservedError, match="31201234500 is reserved for 1001 until 2026-03-01 08:00: release"):
        reserve(asset=did(), holder="1002", until=UNTIL, **BY)
    assert reserve(asset=did(), holder="1001", until=UNTIL + HOUR, **BY).until == UNTIL + HOUR
    assert len(sentences("asset.reserved")) == 2


def test_a_reservation_ends_by_itself(company):
    reserve(asset=did(), holder="session-7", until=UNTIL, **BY)
    assert tick(company, UNTIL - timedelta(microseconds=1)) == 0
    assert did().status == "reserved"
    assert tick(company, UNTIL) == 1
    assert (did().status, did().held_for, did().until) == ("available", "", None)
    assert sentences("asset.freed") == ["31201234500 is available again: its reservation has ended."]
    assert tick(company, UNTIL + HOUR) == 0


def test_a_reservation_that_has_run_out_stands_in_nobodys_way():
    reserve(asset=did(), holder="session-7", until=UNTIL, **BY)
    taken = reserve(asset=did(), holder="1002", until=UNTIL + HOUR, actor=CLERK, at=UNTIL)
    assert (taken.held_for, taken.until) == ("1002", UNTIL + HOUR)


@pytest.mark.parametrize(("holder", "until"), [("1001", OPENING), ("1001", OPENING - HOUR), ("", UNTIL)])
def test_a_reservation_needs_somebody_and_an_end_to_come(holder, until):
    with pytest.raises(AssetTimeError):
        reserve(asset=did(), holder=holder, until=until, **BY)
    with pytest.raises(AssetTimeError):
        reserve_next(kind=asset_type_by_code("did"), holder=holder, until=until, **BY)
    assert pool_counts()["did"] == FREE


def test_what_is_released_is_free_for_the_next():
    reserve(asset=did(), holder="1001", until=UNTIL, **BY)
    release(asset=did(), **BY)
    assert reserve(asset=did(), holder="1002", until=UNTIL, **BY).held_for == "1002"
    with pytest.raises(AssetNotReservedError, match="31201234501 is available, not reserved"):
        release(asset=did("31201234501"), **BY)


def test_the_next_of_a_pool_come_in_order_and_all_or_none():
    kind = asset_type_by_code("did")
    create("31209999990", group="north")
    first = reserve_next(kind=kind, group="amsterdam", count=3, holder="1001", until=UNTIL, **BY)
    assert [asset.identifier for asset in first] == ["31201234500", "31201234501", "31201234502"]
    assert reserve_next(kind=kind, group="north", holder="1001", until=UNTIL, **BY)[0].group == "north"
    with pytest.raises(PoolEmptyError, match="8 of Telephone number in amsterdam are wanted and 7 are free"):
        reserve_next(kind=kind, group="amsterdam", count=8, holder="1002", until=UNTIL, **BY)
    with pytest.raises(PoolEmptyError):
        reserve_next(kind=kind, count=0, holder="1002", until=UNTIL, **BY)
    assert pool_counts()["did"] == FREE | {"available": 7, "reserved": 4}


def test_what_is_retired_is_created_anew_or_not_found():
    retire(asset=sim(), reason="lost", **BY)
    retired = Asset.objects.get(status="retired")
    with pytest.raises(UnknownAssetError):
        sim()
    with pytest.raises(AssetRetiredError, match="8931001 is retired"):
        retire(asset=retired, reason="again", **BY)
    with pytest.raises(AssetRetiredError):
        reserve(asset=retired, holder="1001", until=UNTIL, **BY)
    with pytest.raises(DuplicateAssetError, match="a moment later"):
        create("8931001", kind="sim")
    new = NewAssets(identifiers=["8931001"])
    assert create_assets(kind=asset_type_by_code("sim"), new=new, actor=CLERK, at=UNTIL) == 1
    assert sim().pk != retired.pk
    assert sentences("asset.retired") == ["8931001 was retired: lost."]


def test_what_somebody_waits_for_is_not_retired():
    reserve(asset=did(), holder="1001", until=UNTIL, **BY)
    with pytest.raises(AssetInUseError, match="31201234500 is reserved: release it before it is retired"):
        retire(asset=did(), reason="lost", **BY)


def test_pools_are_counted_in_one_query():
    reserve(asset=did(), holder="1001", until=UNTIL, **BY)
    with CaptureQueriesContext(connection) as captured:
        counts = pool_counts()
    assert len(captured) == 1
    assert counts["did"] == FREE | {"available": 9, "reserved": 1}
    assert counts["sim"]["available"] == 5


def test_assets_are_found_by_identifier_group_and_status():
    reserve(asset=did(), holder="1001", until=UNTIL, **BY)
    assert [asset.identifier for asset in matching_assets(status="reserved")] == ["31201234500"]
    assert matching_assets(text="shelf").count() == matching_assets(kind=asset_type_by_code("sim")).count() == 5
    assert [asset.identifier for asset in matching_assets(text="234507")] == ["31201234507"]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"status": "lost"}, "asset_status"),
        ({"status": "reserved", "held_for": "1001"}, "asset_until"),
        ({"status": "quarantined"}, "asset_until"),
        ({"until": UNTIL}, "asset_until"),
        ({"status": "reserved", "until": UNTIL}, "asset_held_for"),
        ({"held_for": "1001"}, "asset_held_for"),
        ({"identifier": "31201234501"}, "asset_once"),
    ],
)
def test_the_database_keeps_an_asset_in_one_place(change, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Asset.objects.filter(identifier="31201234500").update(**change)


def test_another_companys_assets_are_its_own():
    with company_scope(make_company("merlin")):
        assert pool_counts() == {}
        make_pools()
        assert pool_counts()["did"] == FREE
