"""A bench for the lane: one customer, one card, Asterisk rows, and a job around them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from billhook.mediation import lane
from billhook.plugins.format_asterisk.format import AsteriskMaster

NOW = datetime(2026, 12, 31, tzinfo=UTC)


def row(ordinal: int, **given: object) -> str:
    """Return one line of `Master.csv` with 18 columns and without its end."""
    call: dict[str, object] = {
        "account": "KN1001",
        "called": "0031201234567",
        "start": "2026-03-05 10:00:00",
        "seconds": 61,
        "disposition": "ANSWERED",
        "name": "Harbour Bakery",
        "ama": "DOCUMENTATION",
        "unique": f"1772.{ordinal}",
        **given,
    }
    texts = [call["account"], "31205551001", call["called"], "from-customers"]
    texts += [f'"{call["name"]}" <31205551001>', f"PJSIP/a-{ordinal:08x}", "PJSIP/b", "Dial", "PJSIP/b,60"]
    times = [call["start"], call["start"], call["start"]]
    tail = [call["disposition"], call["ama"], call["unique"], ""]
    fields = [*map(quoted, [*texts, *times]), str(call["seconds"]), str(call["seconds"]), *map(quoted, tail)]
    return ",".join(fields)


def quoted(value: object) -> str:
    """Return a text as Asterisk quotes it."""
    return '"' + str(value).replace('"', '""') + '"'


def guide_row(**given: Any) -> lane.GuideRow:
    """Return the row of customer 1001, from the beginning of 2026."""
    usual: dict[str, Any] = {
        "identifier": "KN1001",
        "customer": "1001",
        "order_line": "O-1/calls",
        "product": "CALLS",
        "card": "VOICE",
        "zone": "Europe/Amsterdam",
        "valid_from": datetime(2025, 12, 31, 23, tzinfo=UTC),
    }
    return lane.GuideRow(**{**usual, **given})


def card_row(**given: Any) -> lane.CardRow:
    """Return the price of the Netherlands: 0.05 a minute."""
    usual: dict[str, Any] = {
        "card": "VOICE",
        "version": "VOICE-1",
        "prefix": "31",
        "destination": "Netherlands",
        "price_per_minute": "0.05",
        "valid_from": date(2026, 1, 1),
    }
    return lane.CardRow(**{**usual, **given})


@dataclass
class Bench:
    """A folder with a usage file and a lake."""

    folder: Path

    @property
    def file(self) -> Path:
        """The usage file."""
        return self.folder / "Master.csv"

    def job(self, **given: Any) -> lane.LaneJob:
        """Return a job on the file."""
        usual: dict[str, Any] = {
            "file": self.file,
            "format": AsteriskMaster().definition(),
            "source_zone": "Europe/Amsterdam",
            "batch": 1,
            "lake": self.folder / "lake",
            "guide": (guide_row(),),
            "cards": (card_row(),),
            "currency": "EUR",
            "now": NOW,
        }
        return lane.LaneJob(**{**usual, **given})

    def run(self, content: bytes | str | Iterable[str], **given: Any) -> lane.LaneResult:
        """Write bytes, a text or lines to the file and run the lane over it."""
        if isinstance(content, bytes):
            self.file.write_bytes(content)
        else:
            text = content if isinstance(content, str) else "".join(f"{line}\n" for line in content)
            self.file.write_bytes(text.encode())
        return lane.run(self.job(**given))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Give a fresh bench."""
    return Bench(tmp_path)


@pytest.fixture
def build() -> type:
    """Give the builders of rows."""

    class Build:
        call = staticmethod(row)
        guide = staticmethod(guide_row)
        card = staticmethod(card_row)

    return Build
