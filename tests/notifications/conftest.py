"""Small books for every test of the room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from billhook.foundation.models import Company


@pytest.fixture
def company(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Company:
    """Return a sandbox company with one customer, 1001, on a fresh home."""
    from tests.billing.playing import open_books  # noqa: PLC0415 - Django is set up by then

    return open_books(tmp_path, monkeypatch)
