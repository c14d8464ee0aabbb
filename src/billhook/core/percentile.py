"""Percentiles: the figure that a share of the samples does not exceed, as bandwidth is billed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil

from billhook.core import exact
from billhook.core.errors import Refusal

FIVE_MINUTES = timedelta(minutes=5)
NINETY_FIVE = Decimal(95)


class SampleError(Refusal):
    """Samples of one port at one time that differ, or a period that holds none."""


def percentile(values: Sequence[Decimal], percent: Decimal = NINETY_FIVE) -> Decimal:
    """Return the value of rank ceil(percent / 100 * n), counted from the lowest; zero of none."""
    if not values:
        return exact.ZERO
    rank = ceil(Fraction(percent) * len(values) / 100)
    return sorted(values)[max(rank, 1) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The mean rate of one port over an interval, both ways."""

    port: str
    at: datetime
    inbound: Decimal
    outbound: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Billable:
    """A billable rate, the samples that decide it, and the intervals of which none was read."""

    rate: Decimal
    inbound: Decimal
    outbound: Decimal
    samples: int
    gaps: int


def billable_rate(
    samples: Iterable[Sample],
    *,
    start: datetime,
    end: datetime,
    percent: Decimal = NINETY_FIVE,
    interval: timedelta = FIVE_MINUTES,
) -> Billable:
    """Return the percentile of a period: ports are summed per interval, and the higher of in and out is billed.

    Gaps are left out, not counted as zero, and reported.

    Args:
        samples: one for each port and interval, in any order.
        start: first instant of the period.
        end: instant after the last.
        percent: the rank.
        interval: of the samples.

    Raises:
        SampleError: a port has two samples of one time, or one outside of the period.
    """
    inbound: dict[datetime, Decimal] = {}
    outbound: dict[datetime, Decimal] = {}
    seen: set[tuple[str, datetime]] = set()
    for sample in samples:
        if (sample.port, sample.at) in seen or not start <= sample.at < end:
            raise SampleError(f"{sample.port} has two samples at {sample.at}, or one outside of the period; keep one.")
        seen.add((sample.port, sample.at))
        inbound[sample.at] = exact.add(inbound.get(sample.at, exact.ZERO), sample.inbound)
        outbound[sample.at] = exact.add(outbound.get(sample.at, exact.ZERO), sample.outbound)
    low, high = percentile(list(inbound.values()), percent), percentile(list(outbound.values()), percent)
    return Billable(
        rate=max(low, high),
        inbound=low,
        outbound=high,
        samples=len(inbound),
        gaps=(end - start) // interval - len(inbound),
    )
