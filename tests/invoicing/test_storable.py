"""A draft with figures that an invoice does not keep is refused, never cut down in silence."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from tests.core.agreements import FIRST, agreement, line

from billhook.core.allowance import Allowance
from billhook.core.draft import InvoiceDraft, bill
from billhook.core.meters import MeterState
from billhook.core.money import Money
from billhook.invoicing.bulk import NotStorableError, require_storable


def drafted() -> InvoiceDraft:
    draft = bill(agreement(line("A")), (), date(2026, 3, 1))
    assert draft is not None
    return draft


def test_an_ordinary_draft_passes() -> None:
    assert drafted().bill_date == FIRST
    require_storable("INV-1", drafted())


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"tax_inclusive": True}, "prices with tax inside"),
        ({"cash_rounding": Money.of("0.02", "EUR")}, "cash rounding"),
        ({"allowances_left": (Allowance(key="plan", left=Decimal(5)),)}, "allowances"),
        ({"meters_left": (MeterState(line="A"),)}, "meters that carry their value over"),
    ],
)
def test_what_would_be_lost_is_refused(changes: dict[str, object], what: str) -> None:
    with pytest.raises(NotStorableError, match=what):
        require_storable("INV-1", replace(drafted(), **changes))
