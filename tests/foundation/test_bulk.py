"""Many rows at once come in under the same policies as one."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import Error, connection, transaction
from psycopg.types.json import Jsonb
from tests.builders import CLERK, OPENING, make_company

from billhook.catalog.models import Rate, RateCard
from billhook.catalog.operations.rates import import_rate_card
from billhook.foundation.bulk import insert_rows, reserve_ids
from billhook.foundation.clock import now
from billhook.foundation.models import EventRecord, NumberSeries
from billhook.foundation.scope import company_scope
from billhook.hooks.models import PluginInstance
from billhook.ledger.models import Account

FIELDS = ("company", "code", "pattern", "next_number")


@pytest.fixture
def company(db):
    company = make_company()
    with company_scope(company):
        yield company


def test_rows_are_counted_and_stored(company):
    rows = [(company.pk, f"s{number}", "{number}", number) for number in range(1000)]
    assert insert_rows(NumberSeries, FIELDS, rows) == 1000
    assert NumberSeries.objects.filter(company=company).count() == 1000
    assert insert_rows(NumberSeries, FIELDS, [(company.pk, "again", "x", 1)]) == 1
    assert insert_rows(NumberSeries, FIELDS, []) == 0


def test_another_companys_rows_are_refused(company):
    other = make_company("merlin")
    rows = [(company.pk, "ours", "x", 1), (other.pk, "theirs", "x", 1)]
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        insert_rows(NumberSeries, FIELDS, rows)
    assert not NumberSeries.objects.exists()


@pytest.mark.usefixtures("db")
def test_nothing_goes_in_outside_a_scope():
    other = make_company("merlin")
    with pytest.raises(Error, match="row-level security"), transaction.atomic():
        insert_rows(NumberSeries, FIELDS, [(other.pk, "x", "x", 1)])


def test_constraints_hold_for_all_rows_or_none(company):
    rows = [(company.pk, code, "x", 1) for code in ("a", "b", "a")]
    with pytest.raises(Error, match="number_series_once"), transaction.atomic():
        insert_rows(NumberSeries, FIELDS, rows)
    assert not NumberSeries.objects.exists()


def test_what_is_left_out_takes_the_databases_default(company):
    fields = ("company", "name", "at", "customer", "subject", "actor_kind", "actor_name", "request_id", "data")
    row = (company.pk, "tests.bulk", OPENING, "", "", "system", "x", "", Jsonb({"amount": "1.00"}))
    insert_rows(EventRecord, fields, [row])
    stored = EventRecord.objects.get(name="tests.bulk")
    assert stored.data == {"amount": "1.00"}
    assert abs(stored.recorded_at - now()).total_seconds() < 60


def test_text_arrives_as_it_was_sent(company):
    awkward = ["\t", "\\N", "\\", "a\nb\r", "", " ", "'\"", "\\.", "\u2028", "ünï", "😀", "null", "{}", "%s"]
    rows = [(company.pk, f"a{number}", text, "asset") for number, text in enumerate(awkward)]
    insert_rows(Account, ("company", "code", "name", "kind"), rows)
    assert list(Account.objects.order_by("id").values_list("name", flat=True)) == awkward


def test_exact_amounts_and_dates_and_gaps_arrive(company):
    card = import_rate_card(code="world", name="World", rates=[], actor=CLERK, at=OPENING)
    price = Decimal("0.000000000001")
    fields = ("company", "card", "prefix", "destination", "price_per_minute", "connection_fee", "first_increment",
              "next_increment", "minimum_seconds", "valid_from", "valid_until")  # fmt: skip
    insert_rows(Rate, fields, [(company.pk, card.pk, "31", "", price, 0, 1, 1, 0, date(2026, 3, 1), None)])
    rate = Rate.objects.get()
    assert (rate.price_per_minute, rate.valid_from, rate.valid_until) == (price, date(2026, 3, 1), None)


def test_reserved_ids_let_children_name_their_parents(company):
    ids = reserve_ids(RateCard, 3)
    assert ids == sorted(set(ids))
    assert len(ids) == 3
    assert min(reserve_ids(RateCard, 2)) > max(ids)
    assert reserve_ids(RateCard, 0) == []
    insert_rows(RateCard, ("id", "company", "code", "name", "currency"), [(ids[0], company.pk, "a", "A", "EUR")])
    assert RateCard.objects.get().pk == ids[0]
    later = RateCard.objects.create(code="b", name="B", currency="EUR")
    assert later.pk > max(ids)


def test_a_failing_row_source_leaves_no_staging_behind(company):
    def rows():
        yield (company.pk, "a", "x", 1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        insert_rows(NumberSeries, FIELDS, rows())
    assert insert_rows(NumberSeries, FIELDS, [(company.pk, "a", "x", 1)]) == 1
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_class where relname like 'staging_%%' and relpersistence = 't'", [])
        assert cursor.fetchone() == (0,)


def test_json_goes_in_as_json(company):
    fields = ("company", "hook", "plugin", "code", "position", "parameters", "enabled")
    insert_rows(PluginInstance, fields, [(company.pk, "h", "p", "c", 1, Jsonb({"a": [1, None]}), True)])
    assert PluginInstance.objects.get().parameters == {"a": [1, None]}
