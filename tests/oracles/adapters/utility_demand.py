"""Energy tariffs: what a spike of demand costs, and a budget that is levelled."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from tests.oracles.adapters.phrases import UNIT, number
from tests.oracles.adapters.utility import EUR, FILES, MONTHS, YEAR_OF_365_DAYS
from tests.oracles.harness import Case, Facts, Unreadable, adapter

from billhook.core import exact
from billhook.core.bands import EVERY_DAY, BandCalendar, TimeBand
from billhook.core.budget import BudgetPlan
from billhook.core.money import Money, round_together
from billhook.core.price.per_unit import PerUnit
from billhook.core.registers import peak_demand
from billhook.core.rounding import to_places

HOUR = timedelta(hours=1)
NEW_YEAR = datetime.combine(YEAR_OF_365_DAYS, time.min, UTC)
BILLS = 12
LAST_HOUR = 23


@adapter("utility/demand-spike", files=FILES)
def demand_spike(given: Facts, _: Case) -> Mapping[str, object]:
    """Price the highest hour of January and of February, all of it and that in the hours of the tariff."""
    given.skip("energy")
    load = re.fullmatch(r"([\d.]+) kW flat except hour (\d+) = ([\d.]+) kW", given["load"])
    flat = re.fullmatch(r"([\d.]+)/kW", given["demand_flat"])
    banded = re.fullmatch(r"([\d.]+)/kW weekdays (\d+)-(\d+)", given["tou_demand"])
    if not load or not flat or not banded:
        raise Unreadable("the load or the tariff is written otherwise")
    hours = {NEW_YEAR + HOUR * place: number(load[1]) for place in range(365 * 24)}
    hours[NEW_YEAR + HOUR * int(load[2])] = number(load[3])
    calendar = _weekdays(int(banded[2]), int(banded[3]))
    by_month = [
        {at: used for at, used in hours.items() if at.date() in month}
        for month in MONTHS.periods(YEAR_OF_365_DAYS, YEAR_OF_365_DAYS, MONTHS.nth(YEAR_OF_365_DAYS, 2))
    ]
    january, february = (_demand(month, flat[1]) for month in by_month)
    inside = {at: used for at, used in by_month[0].items() if calendar.band_at(at).name == "peak"}
    return {
        "jan_demand_flat": january,
        "other_months_demand_flat": february,
        "tou_demand": _demand(inside, banded[1]),
    }


def _demand(hours: Mapping[datetime, Decimal], price: str) -> Decimal:
    """Return what the highest hour costs."""
    demand = exact.from_fraction(peak_demand(hours, interval=HOUR))
    priced = PerUnit(currency=UNIT, unit_price=number(price)).price(demand)
    return round_together([priced.amount], EUR)[0].amount


def _weekdays(first: int, last: int) -> BandCalendar:
    """Return hours of weekdays from the first up to the last, which counts, and all others; not those at midnight."""
    if not 0 < first <= last < LAST_HOUR:
        raise Unreadable(f"the hours {first}-{last} reach midnight")
    workdays, start, end = frozenset(range(5)), time(first), time(last + 1)
    return BandCalendar(
        bands=(
            TimeBand(name="before", end=start, days=workdays),
            TimeBand(name="peak", start=start, end=end, days=workdays),
            TimeBand(name="after", start=end, days=workdays),
            TimeBand(name="weekend", days=EVERY_DAY - workdays),
        )
    )


@adapter("utility/budget-billing", files=FILES)
def budget(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the level of a year's bills, and whether later bills set it anew."""
    threshold = number(given["threshold_percent"])
    plan = BudgetPlan(starts_on=YEAR_OF_365_DAYS, bills=BILLS, off_percent=threshold)
    level = plan.level(_bills(Money.of(number(given["last_12_bills_sum"]), EUR))).result
    names = [name for name in given if re.fullmatch(r"month\d+", name)]
    if len(names) != 1:
        raise Unreadable("no later month is given")
    later = given[names[0]]
    later.skip("actual", "paid")
    average = Money.of(number(later["avg_last12"]), EUR)
    anew = plan.reset(level, _bills(average * BILLS))
    off = to_places(abs(Fraction((average - level).amount)) * 100 / Fraction(level.amount), 1)
    return {
        "budget": level.amount,
        "change_percent": f"{off} > {threshold} so re-set" if anew else f"{off} <= {threshold} so kept",
    }


def _bills(total: Money) -> list[Money]:
    """Return bills that come to a sum; how it is spread over them does not move the level."""
    return [total, *[Money.zero(EUR)] * (BILLS - 1)]
