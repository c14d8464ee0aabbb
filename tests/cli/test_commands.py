"""The commands as somebody at a terminal meets them: what they print, and how they end."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.database import ROOT

pytestmark = pytest.mark.xdist_group("story")

DONE, USAGE, REFUSED, WORLD, FAULTS = 0, 2, 3, 4, 5


def billhook(environment: dict[str, str], *words: str | bytes) -> subprocess.CompletedProcess[str]:
    """Run one command in a wide terminal without colours."""
    return subprocess.run(
        [sys.executable, "-m", "billhook", *words],
        env={**environment, "COLUMNS": "200", "NO_COLOR": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_help_names_every_command(told_story: dict[str, str]) -> None:
    done = billhook(told_story, "--help")
    assert done.returncode == DONE
    for command in (
        "demo",
        "serve",
        "worker",
        "db",
        "verify",
        "doctor",
        "migrate",
        "mediation",
        "run",
        "invoice",
        "clock",
    ):
        assert f" {command} " in done.stdout


def test_show_prints_the_invoice(told_story: dict[str, str]) -> None:
    done = billhook(told_story, "invoice", "show", "INV-2026-00011")
    assert done.returncode == DONE
    assert "25.00 EUR" in done.stdout
    assert "Harbour Bakery" in done.stdout


def test_explain_goes_down_to_the_raw_lines(told_story: dict[str, str]) -> None:
    done = billhook(told_story, "invoice", "explain", "INV-2026-00011")
    assert done.returncode == DONE
    records = [line for line in done.stdout.splitlines() if "Master.csv" in line]
    assert sum(int(line.split("Master.csv")[0].split()[-2]) for line in records) == 100 * 60


def test_run_show_lists_the_drafts(told_story: dict[str, str]) -> None:
    done = billhook(told_story, "run", "show", "RUN-2026-05-01")
    assert done.returncode == DONE
    assert "204.34 EUR" in done.stdout
    assert "review" in done.stdout


def test_the_digest_is_64_hexadecimal_digits(told_story: dict[str, str]) -> None:
    done = billhook(told_story, "verify", "--digest")
    assert done.returncode == DONE
    assert len(bytes.fromhex(done.stdout.strip())) == 32


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("invoice", "show", "INV-1"), REFUSED, "There is no invoice INV-1."),
        (("run", "show", "RUN-1"), REFUSED, "There is no billing run RUN-1."),
        (("run", "preview", "--on", "1 April"), REFUSED, "write it as 2026-04-01"),
        (("run", "commit", "RUN-2026-04-01"), DONE, "10 invoices are issued"),
        (("run", "reject", "RUN-2026-04-01", "--reason", "late"), REFUSED, "done and cannot become rejected"),
        (("clock", "advance", "soon"), REFUSED, "write 12h, 1d, 2w, 1mo or 1y"),
        (("verify", "-c", "nobody"), REFUSED, "There is no company nobody"),
        (("mediation", "load", "/nowhere.csv", "-s", "pbx"), REFUSED, "/nowhere.csv cannot be read"),
        (
            ("mediation", "load", __file__, "-s", "nothing"),
            REFUSED,
            "There is no usage source nothing; choose one of pbx",
        ),
        (("mediation", "recycle", "1", "-l", "1"), REFUSED, "Line 1 of this batch is not open in suspense"),
        (("invoice",), USAGE, "Usage"),
        (("invoice", "shew"), USAGE, "No such command"),
    ],
)
def test_each_ending_has_its_code_and_one_sentence(
    told_story: dict[str, str], words: tuple[str, ...], code: int, says: str
) -> None:
    done = billhook(told_story, *words)
    assert done.returncode == code, done.stdout + done.stderr
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_same_file_again_is_not_loaded(told_story: dict[str, str]) -> None:
    master = Path(told_story["BILLHOOK_HOME"], "demo", "Master.csv")
    copy = Path(told_story["BILLHOOK_HOME"], "renamed.csv")
    copy.write_bytes(master.read_bytes())
    done = billhook(told_story, "mediation", "load", str(copy), "-s", "pbx")
    assert "was not loaded again" in done.stdout


def test_a_database_that_is_down_is_one_sentence(told_story: dict[str, str]) -> None:
    done = billhook({**told_story, "DATABASE_URL": "postgresql://nobody@/nothing?host=/nowhere"}, "verify")
    assert (done.returncode, "Traceback" in done.stderr) == (WORLD, False)
    assert "No database answers at DATABASE_URL" in done.stderr


def test_a_wrong_database_url_is_one_sentence(told_story: dict[str, str]) -> None:
    done = billhook({**told_story, "DATABASE_URL": "mysql://root@localhost/x"}, "verify")
    assert done.returncode == REFUSED
    assert "postgresql://user:password@host:port/database" in done.stderr


def test_a_database_without_tables_asks_for_migrate(told_story: dict[str, str], own_database: dict[str, str]) -> None:
    del told_story
    done = billhook({**own_database, "DATABASE_URL": own_database["DATABASE_URL"]}, "verify")
    assert done.returncode == REFUSED
    assert "there is none yet (billhook demo makes one)" in done.stderr


def test_a_port_in_use_is_one_sentence_and_a_failed_check(told_story: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        served = billhook(told_story, "serve", "--port", port)
        examined = billhook(told_story, "doctor", "--port", port)
    assert (served.returncode, examined.returncode) == (WORLD, FAULTS)
    assert "choose another with --port" in served.stderr
    assert f"Port {port}" in examined.stdout


def test_doctor_is_content_with_a_sound_installation(told_story: dict[str, str]) -> None:
    done = billhook(told_story, "doctor", "--port", "0")
    assert done.returncode == DONE, done.stdout + done.stderr


def test_an_unwritable_home_is_one_sentence(told_story: dict[str, str], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    done = billhook({**told_story, "BILLHOOK_HOME": str(blocked / "home")}, "verify")
    assert done.returncode == WORLD
    assert "Traceback" not in done.stderr


def test_a_months_work_at_the_terminal(own_database: dict[str, str]) -> None:
    """What an operator does after the example: issue the waiting run, let a month pass, load calls, bill them."""
    assert billhook(own_database, "demo", "--once").returncode == DONE
    committed = billhook(own_database, "run", "commit", "RUN-2026-05-01")
    assert "RUN-2026-05-01 is done: 10 invoices are issued." in committed.stdout
    calls = Path(own_database["BILLHOOK_HOME"], "May.csv")
    line = (
        '"KN1002","31308100102","31201234567","from-customers","""Desk"" <31308100102>","PJSIP/a","PJSIP/b","Dial","",'
        '"2026-05-04 10:00:00","2026-05-04 10:00:05","2026-05-04 10:02:05",125,120,"ANSWERED","BILLING","1.1",""\n'
    )
    calls.write_text(line)
    advanced = billhook(own_database, "clock", "advance", "1mo")
    assert "It is 01 June 2026" in advanced.stdout
    loaded = billhook(own_database, "mediation", "load", str(calls), "--source", "pbx")
    assert (loaded.returncode, "rated" in loaded.stdout) == (DONE, True)
    previewed = billhook(own_database, "run", "preview", "--on", "2026-06-01")
    assert "20.10 EUR" in previewed.stdout
    again = billhook(own_database, "run", "preview", "--on", "2026-06-01")
    assert "20.10 EUR" in again.stdout
    assert "10 invoices are issued" in billhook(own_database, "run", "commit", "RUN-2026-06-01").stdout
    assert billhook(own_database, "verify").returncode == DONE
