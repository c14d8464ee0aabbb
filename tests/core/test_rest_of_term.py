"""The rest of a term that a percentage fee counts: by its periods, or in months of 30 days."""

from datetime import date
from decimal import Decimal

import pytest

from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.cancellation import CancellationError, PercentOfRest, RestCount, Term, cancellation_fee
from billhook.core.derivation import recompute
from billhook.core.money import Money
from billhook.core.period import Period

HALF_YEAR = Period(date(2026, 2, 1), date(2026, 8, 1))
LEFT_ON = date(2026, 5, 1)
TENTH = PercentOfRest(percent=Decimal(10))


def term(unit: CadenceUnit, count: int, rest: RestCount) -> Term:
    """Return half a year at 25.00 a period."""
    return Term(period=HALF_YEAR, cadence=Cadence(unit, count), price=Money.of(25, "EUR"), rest=rest)


@pytest.mark.parametrize(
    ("unit", "count", "rest", "fee"),
    [
        (CadenceUnit.MONTH, 1, RestCount.PERIODS, "7.50"),
        (CadenceUnit.MONTH, 1, RestCount.MONTHS_OF_30, "7.67"),
        (CadenceUnit.MONTH, 2, RestCount.MONTHS_OF_30, "3.83"),
        (CadenceUnit.YEAR, 1, RestCount.MONTHS_OF_30, "0.64"),
    ],
)
def test_the_rest_counts_its_periods_or_every_thirty_days(
    unit: CadenceUnit, count: int, rest: RestCount, fee: str
) -> None:
    found = cancellation_fee(TENTH, term(unit, count, rest), LEFT_ON)
    assert found.result == Money.of(fee, "EUR")
    assert recompute(found) == found.result


def test_months_of_30_days_need_periods_of_months() -> None:
    with pytest.raises(
        CancellationError, match=r"^A cadence of 2 weeks counts no months; count the rest of the term in"
    ):
        term(CadenceUnit.WEEK, 2, RestCount.MONTHS_OF_30)
