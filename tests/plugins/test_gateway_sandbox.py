import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.plugins.conformance.gateway import GatewayConformance, Tokens, a_charge

from billhook.payments.hooks import DeclineClass, Gateway, GatewayUnavailableError, Outcome
from billhook.plugins.gateway_sandbox.plugin import SandboxGateway, SandboxParameters

SOURCE = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture
def gateway(tmp_path):
    return SandboxGateway(SandboxParameters(folder=tmp_path / "processor"))


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "processor" / "journal.jsonl"


class TestConformance(GatewayConformance):
    @pytest.fixture
    def gateway(self, tmp_path: Path) -> Gateway:
        return SandboxGateway(SandboxParameters(folder=tmp_path))

    @pytest.fixture
    def tokens(self) -> Tokens:
        return Tokens(
            succeeds="tok_visa",
            declines={
                DeclineClass.SOFT: "tok_limit_20.00",
                DeclineClass.HARD: "tok_stolen",
                DeclineClass.AUTHENTICATION: "tok_3ds",
            },
            times_out="tok_timeout",
            pending="tok_pending",
            down="tok_down",
        )


@pytest.mark.parametrize(
    ("token", "amount", "code"),
    [
        ("tok_mastercard", "25.00", "approved"),
        ("tok_limit_20.00", "20.00", "approved"),
        ("tok_limit_20.00", "20.01", "insufficient_funds"),
        ("tok_limit_20", "20.0000", "approved"),
        ("tok_limit_", "1.00", "unknown_token"),
        ("tok_limit_1e9", "1.00", "unknown_token"),
        ("4242424242424242", "1.00", "unknown_token"),
    ],
)
def test_tokens_say_how_a_charge_ends(gateway, token, amount, code):
    assert gateway.charge(a_charge(token, amount=amount)).code == code


def test_timeout_and_pending_succeed_in_truth(gateway):
    gateway.charge(a_charge("tok_timeout", reference="A"))
    gateway.charge(a_charge("tok_pending", reference="B"))
    assert gateway.status("A").outcome is gateway.status("B").outcome is Outcome.SUCCEEDED


def test_a_second_instance_reads_the_same_books(gateway, tmp_path):
    first = gateway.charge(a_charge("tok_visa"))
    again = SandboxGateway(SandboxParameters(folder=tmp_path / "x" / ".." / "processor"))
    assert again.status("KN/PAY-1/1") == first


def test_the_journal_has_one_line_a_reference(gateway, journal):
    for _ in range(3):
        gateway.charge(a_charge("tok_visa"))
    with pytest.raises(GatewayUnavailableError):
        gateway.charge(a_charge("tok_down", reference="B"))
    rows = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [(row["reference"], row["amount"], row["settled"]["outcome"]) for row in rows] == [
        ("KN/PAY-1/1", "25.00", "succeeded")
    ]


def test_what_a_crash_left_of_a_line_never_happened(gateway, journal):
    first = gateway.charge(a_charge("tok_visa"))
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"reference": "KN/PAY-1/2", "amo')
    assert gateway.status("KN/PAY-1/2") is None
    assert gateway.charge(a_charge("tok_visa", reference="KN/PAY-1/2")).outcome is Outcome.SUCCEEDED
    assert len(journal.read_text().splitlines()) == 2
    assert gateway.status("KN/PAY-1/1") == first


def test_books_thrown_away_are_forgotten(gateway, journal):
    gateway.charge(a_charge("tok_visa"))
    journal.unlink()
    assert gateway.status("KN/PAY-1/1") is None


CHARGER = """
import sys
from pathlib import Path
from billhook.plugins.gateway_sandbox.plugin import SandboxGateway, SandboxParameters
from tests.plugins.conformance.gateway import a_charge
gateway = SandboxGateway(SandboxParameters(folder=Path(sys.argv[1])))
for number in range(20):
    print(gateway.charge(a_charge("tok_visa", reference=f"R{number}")).gateway_id)
"""


def test_two_processes_and_two_threads_charge_each_reference_once(gateway, journal):
    command = [sys.executable, "-c", CHARGER, str(journal.parent)]
    other = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=SOURCE.parent, env={"PYTHONPATH": f"{SOURCE}:{SOURCE.parent}"}
    )
    with ThreadPoolExecutor(2) as threads:
        ours = list(threads.map(lambda n: gateway.charge(a_charge("tok_visa", reference=f"R{n}")), [*range(20)] * 2))
    theirs = other.communicate(timeout=30)[0].split()
    assert [answer.gateway_id for answer in ours] == theirs * 2
    assert sorted(json.loads(line)["reference"] for line in journal.read_text().splitlines()) == sorted(
        f"R{number}" for number in range(20)
    )


def test_an_unwritable_folder_is_unavailable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GatewayUnavailableError, match="correct its folder"):
        SandboxGateway(SandboxParameters(folder=tmp_path / "file")).charge(a_charge("tok_visa"))


def test_a_full_disk_takes_the_row_back(gateway, journal, monkeypatch):
    gateway.charge(a_charge("tok_visa"))
    before = journal.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(GatewayUnavailableError, match="No space left"):
            gateway.charge(a_charge("tok_visa", reference="B"))
    assert journal.read_bytes() == before
    assert gateway.status("B") is None
