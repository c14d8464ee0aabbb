"""The books of one customer: order line versions, what was billed of them, and the credit that is left.

Between two bills only this is remembered, as a run would remember it; every figure is the core's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from billhook.core import changes
from billhook.core.agreement import AgreedLine, Agreement, ChargeKind, Cycle
from billhook.core.billed import BilledPart, CreditedPart
from billhook.core.document import DraftLine, InvoiceDraft
from billhook.core.draft import bill
from billhook.core.money import Currency, Money
from billhook.core.period import Period
from billhook.core.usage import UsageCharge


@dataclass(slots=True)
class Books:
    """What is agreed with a customer and what was billed so far."""

    currency: Currency
    cycle: Cycle
    options: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, AgreedLine] = field(default_factory=dict)
    billed: dict[str, list[BilledPart]] = field(default_factory=dict)

    def add(self, *lines: AgreedLine) -> None:
        """Add order line versions."""
        for line in lines:
            self.versions[line.key] = line

    def running(self, group: str, on: date) -> AgreedLine | None:
        """Return the version of an order line that is in force on a day."""
        for line in self.versions.values():
            if line.group == group and line.active_from <= on and (line.active_until is None or on < line.active_until):
                return line
        return None

    def beyond(self, line: AgreedLine, on: date) -> tuple[BilledPart, ...]:
        """Return what was billed of a version for days on or after one."""
        return tuple(part for part in self.billed.get(line.key, ()) if part.period.end > on)

    def change(self, line: AgreedLine, on: date, **new: Any) -> AgreedLine:
        """Change a version from a day on, and return the new one."""
        before, after = changes.change(
            line, on, key=f"{line.group}/{len(self.versions)}", billed=self.beyond(line, on), **new
        )
        self.add(before, after)
        return after

    def end(self, line: AgreedLine, on: date) -> None:
        """End a version on a day; what has not begun by then is taken out."""
        if line.active_from > on:
            del self.versions[line.key]
            return
        self.add(changes.end(line, on, billed=self.beyond(line, on)))

    def bill(self, on: date, usage: Sequence[UsageCharge] = ()) -> InvoiceDraft | None:
        """Bill the customer, and remember what was billed and credited."""
        agreement = Agreement(
            customer="customer",
            currency=self.currency,
            cycle=self.cycle,
            lines=tuple(self._with_parts(line) for line in self.versions.values()),
            **self.options,
        )
        draft = bill(agreement, usage, on)
        if draft is not None:
            self._remember(draft)
        return draft

    def _with_parts(self, line: AgreedLine) -> AgreedLine:
        reached = [part for part in self.billed.get(line.key, ()) if part.unused(line.active)]
        return replace(line, billed=tuple(reached))

    def _remember(self, draft: InvoiceDraft) -> None:
        for claim in draft.billed:
            self.versions[claim.line_key] = replace(self.versions[claim.line_key], billed_through=claim.period.end)
        for line in draft.lines:
            if "/credit/" in line.key:
                self._credited(line)
            elif line.kind in {ChargeKind.RECURRING, ChargeKind.ONE_TIME}:
                part = BilledPart(period=line.period, amount=line.amount)
                self.billed.setdefault(line.line_key, []).append(part)

    def _credited(self, line: DraftLine) -> None:
        parts = self.billed[line.line_key]
        index = next(place for place, part in enumerate(parts) if part.period.covers(line.period))
        credited = CreditedPart(period=line.period, amount=-line.amount)
        parts[index] = replace(parts[index], credited=(*parts[index].credited, credited))


@dataclass(slots=True)
class Credit:
    """A customer's credit: what bills below zero leave, and what later bills use of it."""

    left: Money

    def after(self, total: Money) -> Money:
        """Return what a bill adds to the credit (above zero) or uses of it (below zero)."""
        moved = -total if total.amount < 0 else -min(total, self.left)
        self.left += moved
        return moved


def periods(draft: InvoiceDraft | None) -> Iterator[Period]:
    """Yield the service periods that a draft closes."""
    yield from (claim.period for claim in draft.billed) if draft else ()
