"""What somebody may mistype at a terminal: each ends with its code and one sentence, and nothing is changed."""

import sys
from datetime import UTC, datetime

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as some
from tests.billing.playing import MARCH, open_books, preview
from tests.builders import sign_up_customer
from tests.cli.test_commands import REFUSED, USAGE, WORLD, billhook

from billhook.billing.models import BillingRun, RunDraft
from billhook.billing.operations.approve import approve_run
from billhook.foundation.draining import JobsFailedError, JobsStuckError
from billhook.foundation.events import SYSTEM
from billhook.foundation.scope import company_scope
from billhook.interfaces.cli import clocks, invoices, outcome, runs, serving
from billhook.interfaces.cli.outcome import Failure
from billhook.interfaces.given import NoDateError, a_date
from billhook.site import command

pytestmark = pytest.mark.xdist_group("story")

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("clock", "advance", "0mo"), REFUSED, "write 12h, 1d, 2w, 1mo or 1y"),
        (("clock", "advance", "99999y"), REFUSED, "choose a shorter stretch"),
        (("serve", "--port", "65536"), USAGE, "less than or equal to 65535"),
        (("serve", "--port", "-1"), USAGE, "greater than or equal to 0"),
        (("doctor", "--port", "65536"), USAGE, "less than or equal to 65535"),
        (("run", "preview", "--on", "20260401"), REFUSED, "20260401 is no date"),
        (("run", "reject", "RUN-2026-05-01", "--reason", " "), REFUSED, "Give a reason"),
        (("run", "show", b"RUN-\xff"), USAGE, "no UTF-8 text"),
        (("run", "preview", "--on", b"\xff"), REFUSED, "is no date"),
        (("clock", "advance", b"\xff"), REFUSED, "is no stretch of time"),
        (("mediation", "load", b"/nowhere-\xff.csv", "-s", "pbx"), REFUSED, "cannot be read"),
    ],
)
def test_each_mistake_is_one_sentence(told_story, words, code, says):
    done = billhook(told_story, *words)
    assert done.returncode == code, done.stdout + done.stderr
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr


@pytest.mark.parametrize(
    "by",
    ["0mo", "0d", "00h", "99999y", "999999999999d", "9" * 18 + "mo", "9" * 5000 + "d", "\N{ARABIC-INDIC DIGIT ONE}d"],
)
def test_a_stretch_that_cannot_be_gone_is_refused(by):
    with pytest.raises(Failure) as refusal:
        clocks.later(NOON, by)
    assert refusal.value.code == REFUSED


@pytest.mark.parametrize(
    ("by", "leads_to"),
    [
        ("12h", (2026, 2, 1, 0)),
        ("1d", (2026, 2, 1, 12)),
        ("02w", (2026, 2, 14, 12)),
        ("1mo", (2026, 2, 28, 12)),
        ("1y", (2027, 1, 31, 12)),
    ],
)
def test_a_stretch_leads_to_its_instant(by, leads_to):
    assert clocks.later(NOON, by) == datetime(*leads_to, tzinfo=UTC)


@given(some.dates())
def test_every_date_is_read_in_its_one_spelling(day):
    assert a_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "text", ["20260401", "2026-W14-3", "2026-4-1", "2026-02-30", "2026-04-01 ", "2026-04-01\n", "", "0000-01-01"]
)
def test_no_other_spelling_is_a_date(text):
    with pytest.raises(NoDateError):
        a_date(text)


@pytest.fixture
def printed(db, tmp_path, monkeypatch, capsys):
    """Open books with a customer whose name looks like markup, and return how to read what was printed."""
    company = open_books(tmp_path, monkeypatch)
    with company_scope(company):
        sign_up_customer("1002", name="[/red] [bold]Sons[/bold]")
    company.name = "Kestrel [/green]"
    monkeypatch.setattr(runs.session, "company", lambda _: company)
    for module in (runs, invoices, clocks):
        monkeypatch.setattr(module, "out", outcome.Console(highlight=False, width=200))
    monkeypatch.setattr(runs, "drain", lambda: 0)
    return company, lambda: capsys.readouterr().out


def test_names_that_look_like_markup_are_printed_as_they_are(printed):
    _, said = printed
    runs.preview("2026-03-01")
    assert "[/red] [bold]Sons[/bold]" in said()
    runs.commit("RUN-2026-03-01")
    assert "RUN-2026-03-01 is done: 2 invoices are issued." in said()
    invoices.show("INV-2026-00002")
    assert "INV-2026-00002 · [/red] [bold]Sons[/bold]" in said()
    clocks.advance("1h")
    assert "for Kestrel [/green]" in said()


def test_a_run_whose_jobs_gave_up_is_previewed_and_committed_all_the_same(printed):
    company, said = printed
    runs.preview("2026-03-01")
    with company_scope(company):
        run = BillingRun.objects.get()
        assert run.state == "review"
        approve_run(run=run, actor=SYSTEM, at=run.started_at)
    runs.commit(run.number)
    assert "is done: 2 invoices are issued." in said()
    runs.commit(run.number)
    assert "is done: 2 invoices are issued." in said()


def test_a_commit_that_leaves_a_run_open_does_not_end_well(printed, monkeypatch):
    company, _ = printed
    preview(company, MARCH)
    monkeypatch.setattr(runs, "commit_run", lambda **_: None)
    with pytest.raises(Failure, match="is committing, not done") as refusal:
        runs.commit("RUN-2026-03-01")
    assert refusal.value.code == REFUSED
    with company_scope(company):
        assert RunDraft.objects.filter(state="issued").count() == 0


@pytest.mark.parametrize("trouble", [JobsFailedError(["tests.job"]), JobsStuckError(["tests.job"])])
def test_jobs_that_were_waited_for_in_vain_are_trouble_of_the_surroundings(trouble, monkeypatch, capsys):
    monkeypatch.setattr(command.logs, "configure", lambda: None)
    monkeypatch.setattr("billhook.site.commands.app", lambda: (_ for _ in ()).throw(trouble))
    with pytest.raises(SystemExit) as ending:
        command.main()
    assert ending.value.code == WORLD
    said = capsys.readouterr().err
    assert "tests.job" in said
    assert "unexpected" not in said


@pytest.mark.parametrize(
    ("script", "code"), [("raise SystemExit(7)", 7), ("pass", 1), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_serving_ends_like_the_child_that_ended(script, code, monkeypatch, capfd):
    monkeypatch.setattr(serving, "call_command", lambda *_, **__: None)
    monkeypatch.setattr(serving.signal, "signal", lambda *_: None)
    monkeypatch.setattr(serving, "web_server", lambda **_: [sys.executable, "-c", script])
    with pytest.raises(typer.Exit) as ending:
        serving.run_server(host="127.0.0.1", port=1)
    assert ending.value.exit_code == code
    assert "The web server ended by itself" in capfd.readouterr().err
