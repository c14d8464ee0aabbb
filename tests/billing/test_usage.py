"""Usage on invoices: 100 minutes are 5.00 however spoken, late usage has its own line, each cent is explained."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import mkdtemp

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.billing.playing import APRIL, MARCH, MAY, at, bill_date, calls_of, load, preview, undone
from tests.builders import CLERK, call, write_calls

from billhook.core.derivation import recompute
from billhook.core.period import Period
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.invoicing.models import Invoice, InvoiceLine
from billhook.invoicing.queries import line_derivation
from billhook.mediation.models import Charge, SuspenseRecord
from billhook.mediation.operations.mend import mend, recycle
from billhook.mediation.queries import records_behind

HUNDRED_MINUTES = 6000


@st.composite
def calls_of_100_minutes(draw: st.DrawFn) -> list[int]:
    """Return the lengths in seconds of calls that come to 100 minutes in all."""
    cuts = draw(st.sets(st.integers(min_value=1, max_value=HUNDRED_MINUTES - 1), max_size=150))
    ends = [0, *sorted(cuts), HUNDRED_MINUTES]
    return [later - earlier for earlier, later in pairwise(ends)]


def usage_lines(company: Company, bill_date: date = APRIL) -> list[InvoiceLine]:
    """Return the usage lines of the invoice of a date."""
    with company_scope(company):
        return list(InvoiceLine.objects.filter(invoice__issued_on=bill_date, kind="usage").select_related("invoice"))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lengths=calls_of_100_minutes())
def test_100_minutes_are_billed_25_euros_whatever_the_calls(company: Company, lengths: list[int]) -> None:
    with undone():
        bill_date(company, MARCH)
        load(company, calls_of(Path(mkdtemp()) / "Master.csv", "KN1001", lengths))
        run = preview(company, APRIL)
        with company_scope(company):
            (draft,) = run.drafts.all()
            assert Charge.objects.aggregate(Sum("quantity"))["quantity__sum"] == HUNDRED_MINUTES
            assert draft.total == Decimal("25.00")


def test_a_rounded_line_is_the_sum_of_its_records_rounded_once(company: Company, tmp_path: Path) -> None:
    lengths = [7, 11, 13, 59, 61, 121, 1, 1, 1]
    bill_date(company, MARCH)
    load(company, calls_of(tmp_path / "Master.csv", "KN1001", lengths))
    bill_date(company, APRIL)
    (line,) = usage_lines(company)
    exact = sum((Decimal(n) * Decimal("0.05") / 60).quantize(Decimal("0.000001"), ROUND_HALF_UP) for n in lengths)
    assert line.amount == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert recompute(line_derivation(line)).amount == line.amount


def test_an_invoice_line_leads_back_to_the_bytes_of_every_record(company: Company, tmp_path: Path) -> None:
    first = calls_of(tmp_path / "first.csv", "KN1001", [61, 7, 3599])
    second = calls_of(tmp_path / "second.csv", "KN1001", [13, 59], first=datetime(2026, 3, 20, 9))  # noqa: DTZ001
    bill_date(company, MARCH)
    load(company, first)
    load(company, second)
    bill_date(company, APRIL)
    (line,) = usage_lines(company)
    key = line.line_key.rpartition("/")[0]
    with company_scope(company):
        found = records_behind(key, document=line.invoice.number)
    written = {path.name: path.read_bytes() for path in (first, second)}
    assert [it.original for it in found] == (first.read_text() + second.read_text()).splitlines()
    for it in found:
        raw = it.original.encode()
        offset = it.record.byte_offset
        assert written[it.file_name][offset : offset + len(raw) + 1] == raw + b"\n"
        assert written[it.file_name][:offset].count(b"\n") == it.record.line_no - 1
    total = sum((it.record.amount for it in found), Decimal(0))
    assert total.quantize(Decimal("0.01"), ROUND_HALF_UP) == line.amount


def test_a_recycled_record_is_explained_by_its_original_line(company: Company, tmp_path: Path) -> None:
    path = write_calls(tmp_path / "Master.csv", [call("KN9999", 120, datetime(2026, 3, 2, 9))])  # noqa: DTZ001
    bill_date(company, MARCH)
    load(company, path)
    with company_scope(company):
        mend(record=SuspenseRecord.objects.get(), edits={"accountcode": "KN1001"}, actor=CLERK, at=at(4, 1, 2))
    recycle(company=company, batch_number=1, lines=None, actor=CLERK, at=at(4, 1, 2))
    bill_date(company, APRIL)
    (line,) = usage_lines(company)
    with company_scope(company):
        (found,) = records_behind(line.line_key.rpartition("/")[0], document=line.invoice.number)
    assert line.amount == Decimal("0.10")
    assert found.original == path.read_text().rstrip("\n")


def test_late_usage_is_billed_on_its_own_line_for_its_own_period(company: Company, tmp_path: Path) -> None:
    bill_date(company, MARCH)
    load(company, calls_of(tmp_path / "march.csv", "KN1001", [600]))
    bill_date(company, APRIL)
    late = calls_of(tmp_path / "late.csv", "KN1001", [1200], first=datetime(2026, 3, 30, 9))  # noqa: DTZ001
    load(company, late, when=at(4, 20))
    april = calls_of(tmp_path / "april.csv", "KN1001", [1800], first=datetime(2026, 4, 10, 9))  # noqa: DTZ001
    load(company, april, when=at(4, 20))
    bill_date(company, MAY)
    lines = usage_lines(company, MAY)
    assert [(line.period_start, line.period_end, line.amount) for line in lines] == [
        (date(2026, 3, 1), APRIL, Decimal("1.00")),
        (APRIL, MAY, Decimal("1.50")),
    ]
    with company_scope(company):
        assert not Charge.objects.filter(document="").exists()
        for line in lines:
            (found,) = records_behind(
                line.line_key.rpartition("/")[0],
                document=line.invoice.number,
                period=Period(line.period_start, line.period_end),
            )
            assert found.record.amount == line.amount


def test_usage_of_a_period_that_runs_on_waits_for_its_end(company: Company, tmp_path: Path) -> None:
    bill_date(company, MARCH)
    may = calls_of(tmp_path / "april.csv", "KN1001", [600], first=datetime(2026, 4, 1, 9))  # noqa: DTZ001
    load(company, may, when=at(4, 1, 20))
    bill_date(company, APRIL)
    assert usage_lines(company) == []
    bill_date(company, MAY)
    assert [line.amount for line in usage_lines(company, MAY)] == [Decimal("0.50")]


def test_a_day_belongs_to_the_month_in_which_it_lies_where_the_customer_lives(company: Company, tmp_path: Path) -> None:
    midnight = [datetime(2026, 3, 31, 23, 59, 59), datetime(2026, 4, 1, 0, 0, 0)]  # noqa: DTZ001
    lines = [call("KN1001", 60 * n, start, ordinal=n) for n, start in enumerate(midnight, start=1)]
    bill_date(company, MARCH)
    load(company, write_calls(tmp_path / "Master.csv", lines), when=at(4, 1, 2))
    bill_date(company, APRIL)
    bill_date(company, MAY)
    assert [line.amount for day in (APRIL, MAY) for line in usage_lines(company, day)] == [
        Decimal("0.05"),
        Decimal("0.10"),
    ]


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_call_of_no_length_costs_nothing_and_one_of_a_second_is_rounded_away(
    company: Company, tmp_path: Path, seconds: int
) -> None:
    bill_date(company, MARCH)
    load(company, calls_of(tmp_path / "Master.csv", "KN1001", [seconds]))
    bill_date(company, APRIL)
    with company_scope(company):
        assert Invoice.objects.get(issued_on=APRIL).total == Decimal("20.00")
        assert not Charge.objects.filter(document="").exists()
