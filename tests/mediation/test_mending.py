"""Suspended records are mended and recycled: their counts move within the batch, and nothing counts twice."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db.models import Sum
from tests.billing.playing import at, happened, load, undone
from tests.builders import CLERK, call, write_calls

from billhook.core.errors import Refusal
from billhook.foundation.digest import digest
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.mediation.events import RecordsMended, RecordsRecycled
from billhook.mediation.models import Charge, MediationBatch, SuspenseRecord
from billhook.mediation.operations import mend as mend_module
from billhook.mediation.operations.mend import Recycled, mend, recycle
from billhook.mediation.refusals import NotInSuspenseError, UnknownBatchError, UnknownFieldError

START = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - local, as a switch writes it
RATED, FOREIGN, BROKEN = 1, 2, 3
NOW = at(4, 1)


@pytest.fixture
def batch(company: Company, tmp_path: Path) -> MediationBatch:
    """Return a batch of three lines: one rated, one of an unknown account, one that cannot be read."""
    lines = [call("KN1001", 60, START), call("KN9999", 120, START, ordinal=2), "no call at all\n"]
    return load(company, write_calls(tmp_path / "Master.csv", lines))


def edit(company: Company, line: int, **edits: str) -> None:
    """Mend a line of the only batch."""
    with company_scope(company):
        mend(record=SuspenseRecord.objects.get(line_number=line), edits=edits, actor=CLERK, at=NOW)


def again(company: Company, *lines: int) -> Recycled:
    """Recycle lines of the only batch, or all that can be."""
    return recycle(company=company, batch_number=1, lines=list(lines) or None, actor=CLERK, at=NOW)


def counts(company: Company) -> tuple[int, int, int, int]:
    """Return how many records of the only batch are decoded, rejected, rated and suspended."""
    with company_scope(company):
        found = MediationBatch.objects.get(number=1)
    assert found.raw_records == 3
    return found.decoded_records, found.rejected_records, found.rated_records, found.suspended_records


def test_a_mended_record_moves_from_suspense_to_rated(company: Company, batch: MediationBatch) -> None:
    assert counts(company) == (2, 1, 1, 1)
    edit(company, FOREIGN, accountcode="KN1001")
    assert again(company, FOREIGN) == Recycled(tried=1, waiting_again=0)
    assert counts(company) == (2, 1, 2, 0)
    with company_scope(company):
        assert SuspenseRecord.objects.get(line_number=FOREIGN).status == "recycled"
        assert Charge.objects.filter(batch=batch, part=2).aggregate(Sum("amount"))["amount__sum"] == Decimal("0.10")
        assert Charge.objects.aggregate(Sum("quantity"))["quantity__sum"] == 180


def test_the_mending_is_told_with_its_edits(company: Company, batch: MediationBatch) -> None:
    edit(company, FOREIGN, accountcode="KN1001")
    again(company)
    assert [(event.line, event.edits) for event in happened(company, RecordsMended)] == [
        (FOREIGN, "accountcode → KN1001")
    ]
    assert [(event.batch, event.tried, event.rated) for event in happened(company, RecordsRecycled)] == [
        (batch.number, 1, 1)
    ]


@pytest.mark.usefixtures("batch")
def test_a_field_that_the_record_does_not_have_is_refused(company: Company) -> None:
    with pytest.raises(UnknownFieldError, match="no field account; it has accountcode, amaflags"):
        edit(company, FOREIGN, account="KN1001")


@pytest.mark.usefixtures("batch")
def test_a_recycled_record_is_neither_mended_nor_recycled_again(company: Company) -> None:
    edit(company, FOREIGN, accountcode="KN1001")
    again(company, FOREIGN)
    with pytest.raises(NotInSuspenseError, match="Line 2"):
        edit(company, FOREIGN, accountcode="KN1002")
    with pytest.raises(NotInSuspenseError, match="Line 2"):
        again(company, FOREIGN)
    assert again(company) == Recycled(tried=0, waiting_again=0)
    assert counts(company) == (2, 1, 2, 0)


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize("line", [RATED, 99])
def test_a_line_that_never_waited_is_refused(company: Company, line: int) -> None:
    with pytest.raises(NotInSuspenseError, match=f"Line {line}"):
        again(company, line)


def test_a_batch_that_nobody_loaded_is_refused(company: Company) -> None:
    with pytest.raises(UnknownBatchError, match="no mediation batch 1"):
        again(company, 1)


@pytest.mark.usefixtures("batch")
def test_what_is_still_wrong_waits_again_in_its_own_row(company: Company) -> None:
    edit(company, FOREIGN, accountcode="KN8888")
    assert again(company, FOREIGN) == Recycled(tried=1, waiting_again=1)
    assert counts(company) == (2, 1, 1, 1)
    with company_scope(company):
        record = SuspenseRecord.objects.get(line_number=FOREIGN)
        assert (record.status, record.reason) == ("open", "unknown_customer")
    edit(company, FOREIGN, accountcode="KN1001", dst="00999555010203")
    again(company, FOREIGN)
    with company_scope(company):
        assert SuspenseRecord.objects.get(line_number=FOREIGN).reason == "unknown_prefix"
    edit(company, FOREIGN, dst="0031201234567")
    assert again(company) == Recycled(tried=1, waiting_again=0)
    assert counts(company) == (2, 1, 2, 0)
    with company_scope(company):
        assert Charge.objects.aggregate(Sum("amount"))["amount__sum"] == Decimal("0.15")


WHOLE = {
    "accountcode": "KN1001",
    "dst": "0031201234567",
    "start": "2026-03-02 10:00:00",
    "billsec": "180",
    "disposition": "ANSWERED",
}


@pytest.mark.usefixtures("batch")
def test_a_line_that_could_not_be_read_counts_once_its_fields_are_filled_in(company: Company) -> None:
    edit(company, BROKEN, **WHOLE)
    assert again(company, BROKEN) == Recycled(tried=1, waiting_again=0)
    assert counts(company) == (3, 0, 2, 1)
    with company_scope(company):
        batch = MediationBatch.objects.get(number=1)
        assert (batch.decoded_seconds, batch.rated_seconds) == (60 + 120 + 180, 60 + 180)


@pytest.mark.usefixtures("batch")
@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"billsec": "three"}, "bad_seconds"),
        ({"start": "yesterday"}, "bad_time"),
        ({"accountcode": "KN9999"}, "unknown_customer"),
    ],
)
def test_a_line_that_was_filled_in_badly_waits_decoded(company: Company, wrong: dict[str, str], reason: str) -> None:
    edit(company, BROKEN, **{**WHOLE, **wrong})
    assert again(company, BROKEN) == Recycled(tried=1, waiting_again=1)
    assert counts(company) == (3, 0, 1, 2)
    with company_scope(company):
        assert SuspenseRecord.objects.get(line_number=BROKEN).reason == reason
    edit(company, BROKEN, **WHOLE)
    assert again(company, BROKEN) == Recycled(tried=1, waiting_again=0)
    assert counts(company) == (3, 0, 2, 1)


@pytest.mark.usefixtures("batch")
def test_a_line_without_fields_is_refused_by_name_and_left_alone_when_all_are_recycled(company: Company) -> None:
    with pytest.raises(Refusal, match="Line 3 has no fields yet"):
        again(company, BROKEN)
    assert again(company) == Recycled(tried=1, waiting_again=1)
    assert counts(company) == (2, 1, 1, 1)


@pytest.mark.usefixtures("batch")
def test_mending_a_record_into_the_twin_of_another_makes_it_a_duplicate(company: Company) -> None:
    twin = {"accountcode": "KN1001", "billsec": "60", "duration": "60", "end": "2026-03-02 09:01:00"}
    with company_scope(company):
        first = call("KN1001", 60, START).strip().replace('"', "").split(",")
    edit(company, FOREIGN, **twin, channel=first[5], uniqueid=first[-2])
    again(company, FOREIGN)
    with company_scope(company):
        batch = MediationBatch.objects.get(number=1)
        assert (batch.duplicate_records, batch.rated_records, batch.suspended_records) == (1, 1, 0)


@pytest.mark.usefixtures("batch")
def test_a_crash_while_recycling_leaves_the_record_open_and_is_made_good(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(company, FOREIGN, accountcode="KN1001")
    with undone():
        again(company, FOREIGN)
        undisturbed = digest(company)
    with monkeypatch.context() as patch:
        patch.setattr(mend_module, "store_part", crash)
        with pytest.raises(RuntimeError, match="power cut"):
            again(company, FOREIGN)
    assert counts(company) == (2, 1, 1, 1)
    again(company, FOREIGN)
    assert digest(company) == undisturbed


def crash(*_: object, **__: object) -> None:
    """Play a process that dies."""
    raise RuntimeError("power cut")
