"""Spans: the parts of a call that are priced differently, and how increments are counted over their edges."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billhook.core.derivation import Step
from billhook.core.quantity import IncrementError, Increments
from billhook.core.usage_steps import SpanOfCall


class OverEdge(StrEnum):
    """What happens to an increment that runs over the edge of a span."""

    CARRY_OVER = "carry_over"
    """It is billed whole at the price of the span in which it started, and the next span is shorter: the default."""
    INDEPENDENT = "independent"
    """Each span is counted on its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Seconds of a call, or units of a session, at one price.

    Args:
        length: what was measured of it.
        price: for each `per` units.
        increments: how it is counted.
        band: names it in the derivation.
    """

    length: int
    price: Decimal
    per: int
    increments: Increments
    band: str = ""

    def __post_init__(self) -> None:
        """Refuse a length below zero."""
        if self.length < 0:
            raise IncrementError(f"A span of {self.length} is below zero; correct the record.")

    def step(self, billed: int) -> SpanOfCall:
        """Return the step that adds what is billed of it."""
        return SpanOfCall(band=self.band, measured=self.length, billed=billed, price=self.price, per=self.per)


def billed_lengths(spans: Sequence[Span], over: OverEdge = OverEdge.CARRY_OVER) -> tuple[int, ...]:
    """Return what is billed of each span; 0 of one that an increment of an earlier span has swallowed.

    The first increment counts once, from the start of the call, where spans carry over; else in every span.
    """
    if over is OverEdge.INDEPENDENT:
        return tuple(span.increments.count(span.length) for span in spans)
    billed, position, paid = [], 0, 0
    for span in spans:
        end = position + span.length
        length = 0
        if paid < end:
            length = _counted(span.increments, end - paid, is_first=paid == 0)
        billed.append(length)
        paid += length
        position = end
    return tuple(billed)


def span_steps(spans: Sequence[Span], over: OverEdge = OverEdge.CARRY_OVER) -> tuple[Step, ...]:
    """Return the step of each span of which something is billed."""
    billed = billed_lengths(spans, over)
    return tuple(span.step(length) for span, length in zip(spans, billed, strict=True) if length)


def _counted(increments: Increments, length: int, *, is_first: bool) -> int:
    return increments.count(length) if is_first else -(-length // increments.following) * increments.following
