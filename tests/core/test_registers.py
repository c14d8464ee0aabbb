"""Estimated readings: they count until an actual one shows that they were too high, over a roll-over too."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billhook.core.registers import Reading, ReadingError, Register, consumption

START = date(2026, 1, 1)
D = Decimal
PLAIN, ROLLS = Register(key="plain"), Register(key="rolls", digits=3)


def used(register: Register, *figures: str) -> list[tuple[int, int, int, bool]]:
    """Return first day, last day, quantity and whether it is estimated; `~` marks an estimate, one reading a day."""
    readings = [
        Reading(
            register=register,
            day=START + timedelta(days=place),
            figure=D(figure.removeprefix("~")),
            estimated=figure.startswith("~"),
        )
        for place, figure in enumerate(figures)
    ]
    return [
        ((found.period.start - START).days, (found.period.end - START).days, int(found.quantity), found.estimated)
        for found in consumption(readings[::-1])
    ]


@pytest.mark.parametrize("register", [PLAIN, ROLLS])
def test_an_estimate_above_the_next_actual_reading_is_cancelled(register: Register) -> None:
    assert used(register, "100", "~500", "450") == [(0, 2, 350, False)]
    assert used(register, "100", "~400", "~500", "450") == [(0, 1, 300, True), (1, 3, 50, True)]
    assert used(register, "100", "~450", "450") == [(0, 1, 350, True), (1, 2, 0, True)]
    assert used(register, "100", "~500") == [(0, 1, 400, True)]
    assert used(register, "100", "~500", "450", "~600", "550") == [(0, 2, 350, False), (2, 4, 100, False)]


def test_over_a_roll_over_an_estimate_is_judged_by_what_was_used() -> None:
    assert used(ROLLS, "900", "~980", "20") == [(0, 1, 80, True), (1, 2, 40, True)]
    assert used(ROLLS, "900", "~10", "20") == [(0, 1, 110, True), (1, 2, 10, True)]
    assert used(ROLLS, "900", "~30", "20") == [(0, 2, 120, False)]


def test_without_an_actual_reading_before_it_an_estimate_is_kept() -> None:
    assert used(PLAIN, "~100", "~300", "200") == [(0, 2, 100, True)]
    with pytest.raises(ReadingError, match="name its digits"):
        used(PLAIN, "~300", "200")


@given(st.lists(st.integers(0, 80), min_size=2, max_size=8), st.lists(st.integers(0, 999), max_size=8))
def test_what_actual_readings_show_is_billed_once(steps: list[int], guesses: list[int]) -> None:
    figures, total = ["0"], 0
    for place, step in enumerate(steps):
        if place < len(guesses):
            figures.append(f"~{guesses[place]}")
        total += step
        figures.append(str(total))
    assert sum(quantity for _, _, quantity, _ in used(ROLLS, *figures)) == total
