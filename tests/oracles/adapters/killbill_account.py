"""Kill Bill: an account as its scenarios play it, event after event, each followed by an invoice where one is due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from tests.oracles.adapters.killbill_plans import USD, Plan
from tests.oracles.books import Books, Credit
from tests.oracles.comparing import AnyOrder

from billhook.core import changes
from billhook.core.agreement import AgreedLine, Agreement, Alignment, ChargeKind, Cycle, Timing
from billhook.core.cadence import Cadence, CadenceUnit, anchor_on
from billhook.core.changes import ChangePolicy, When, effective_on
from billhook.core.document import InvoiceDraft
from billhook.core.money import Money
from billhook.core.period import ONE_DAY, Period
from billhook.core.phases import PlacedPhase, from_day, lines_of, place
from billhook.core.price.per_unit import PerUnit
from billhook.core.proration import Basis
from billhook.core.schedule import due_periods
from billhook.core.suspension import WITHOUT_END, resume, suspend
from billhook.core.tax import TaxPolicy, TaxRule
from billhook.core.usage import UsageCharge

MONTHS = {CadenceUnit.MONTH, CadenceUnit.YEAR}
Item = Mapping[str, object]


@dataclass(slots=True)
class Subscription:
    """A plan that runs from a start, with its own billing day where it has one."""

    key: str
    plan: Plan
    start: date
    bcd: int | None = None
    quantity: Decimal = Decimal(1)
    overrides: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Used:
    """Usage of a day, and the versions that were in force at its instant."""

    key: str
    on: date
    quantity: Decimal
    versions: frozenset[str]


@dataclass(slots=True)
class Account:
    """An account: its billing day, subscriptions, books, credit and invoices."""

    bcd: int | None
    basis: Basis = Basis.DAYS
    books: Books = field(default_factory=lambda: Books(USD, _as_due(date(2000, 1, 1))))
    credit: Credit = field(default_factory=lambda: Credit(Money.zero(USD)))
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    fixed: dict[str, Period] = field(default_factory=dict)
    invoices: list[tuple[date, list[Item]]] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    blocked: bool = False
    is_off: bool = False

    def subscribe(self, key: str, plan: Plan, on: date, **options: object) -> None:
        """Start a plan; the first of an account is its base."""
        found = Subscription(key, plan, on, **options)  # type: ignore[arg-type]
        self.subscriptions[key] = found
        placed = place(self._phases(found, plan), on)
        paid = next((item for item in placed if item.phase.cadence is not None), None)
        if self.bcd is None and paid is not None and paid.phase.cadence and paid.phase.cadence.unit in MONTHS:
            self.bcd = paid.period.start.day
        self._add(found, placed)

    def take_over(self, key: str, plan: Plan, start: date, on: date) -> None:
        """Take a running subscription over on a day, in the phase in which it is."""
        found = Subscription(key, plan, start)
        self.subscriptions[key] = found
        self._add(found, from_day(place(plan.phases, start), on))

    def change(self, key: str, plan: Plan, asked: date, when: When = When.NOW, bcd: int | None = None) -> None:
        """Change the plan; its phases count from the start of the bundle, so that no trial starts again."""
        found = self.subscriptions[key]
        on = effective_on(ChangePolicy(when=when), asked, billed=self._billed(key, asked))
        self._end(key, on)
        found.plan, found.bcd, found.overrides = plan, bcd or found.bcd, {}
        self._add(found, from_day(place(plan.phases, found.start), on))

    def cancel(self, key: str, asked: date, when: When = When.NOW) -> date:
        """End a subscription and return the day on which it ends."""
        on = effective_on(ChangePolicy(when=when), asked, billed=self._billed(key, asked))
        self._end(key, on)
        return on

    def use(self, key: str, on: date, quantity: Decimal) -> None:
        """Record usage of a day, at an instant after all that happened before."""
        running = frozenset(line.key for line in self._running(key, on) if line.active_from <= on)
        self.used.append(Used(key, on, quantity, running))

    def set_quantity(self, key: str, quantity: Decimal, on: date) -> None:
        """Change how many units a subscription has."""
        for line in self._running(key, on):
            self.books.change(line, on, quantity=quantity)

    def set_price(self, key: str, price: Decimal, on: date) -> None:
        """Change the price of a subscription."""
        for line in self._running(key, on):
            self.books.change(line, on, price=PerUnit(currency=USD, unit_price=price))

    def set_bcd(self, bcd: int, on: date, *, addons: bool = False) -> None:
        """Move the billing day: running lines keep the old cycle until its first date."""
        keys = [key for key, found in self.subscriptions.items() if found.plan.is_addon or not addons]
        self.bcd = self.bcd if addons else bcd
        for line in [line for line in self.books.versions.values() if line.kind.recurs]:
            if line.key.partition("/")[0] not in keys:
                continue
            if line.active_until is None and line.cadence and line.cadence.unit in MONTHS:
                before, after = changes.move_billing_day(line, self.books.cycle, bcd, on, key=f"{line.key}@{on}")
                self.books.add(before, after)
        for key in keys:
            self.subscriptions[key].bcd = bcd

    def block(self, on: date) -> None:
        """Suspend everything from a day on."""
        self.blocked = True
        for line in self._open(on):
            self.books.add(*suspend(line, Period(max(on, line.active_from), WITHOUT_END)))

    def unblock(self, on: date) -> None:
        """Resume everything on a day."""
        if self.blocked:
            self.blocked = False
            self.books.add(*(resume(line, on) for line in self._open(on) if line.suspended))

    def bill(self, on: date, *, dry: bool = False, tax: TaxRule | None = None) -> list[Item] | None:
        """Bill what is due on a day, and return the items; a dry run remembers nothing."""
        if self.blocked or self.is_off:
            return None
        books = replace(self.books, versions=dict(self.books.versions), billed=_copied(self.books.billed))
        books.cycle, books.options = _as_due(on), {"tax": TaxPolicy(rules=(tax,))} if tax else {}
        usage = self._usage(on)
        draft = books.bill(on, tuple(usage))
        if draft is None:
            return None
        if dry:
            return self._items(draft, Credit(self.credit.left), on)
        self._used_up(draft)
        self.books = replace(books, options={})
        items = self._items(draft, self.credit, on)
        self.invoices.append((on, items))
        return items

    def add_credit(self, amount: Money, on: date) -> None:
        """Give the account credit, which Kill Bill shows as an invoice."""
        self.credit.left += amount
        self.invoices.append((on, [_item("CBA_ADJ", amount, on, on), _item("CREDIT_ADJ", -amount, on, on)]))

    def upcoming(self, after: date) -> Iterator[date]:
        """Yield days on which something may fall due after a day."""
        days: set[date] = set()
        for line in self.books.versions.values():
            days.add(line.active_from)
            if line.cadence is not None:
                anchor = line.anchor or line.active_from
                until = line.active_until or anchor.replace(year=after.year + 20)
                days |= {period.start for period in line.cadence.periods(anchor, line.active_from, until)}
        yield from sorted(day for day in days if day > after)

    def _items(self, draft: InvoiceDraft, credit: Credit, on: date) -> list[Item]:
        items = []
        for line in draft.lines:
            kind = "REPAIR_ADJ" if "/credit/" in line.key else line.kind.value.upper()
            period = line.period
            if line.kind is ChargeKind.ONE_TIME:
                kind, period = "FIXED", self.fixed[line.line_key]
            items.append(_item(kind, line.amount, period.start, period.end))
        items += [_item("TAX", tax.amount, on, None) for tax in draft.taxes if tax.amount]
        moved = credit.after(draft.total)
        return [*items, _item("CBA_ADJ", moved, on, on)] if moved else items

    def _usage(self, on: date) -> list[UsageCharge]:
        """Return the usage of the periods that have ended, each on the version that was in force."""
        charges = []
        for item in self.used:
            for line in self.books.versions.values():
                day = _day_on(line, item)
                if line.kind is ChargeKind.USAGE and line.key.startswith(f"{item.key}/") and day and day < on:
                    charges.append(UsageCharge(line=line.key, period=Period.day(day), quantity=item.quantity))
        return [*charges, *self._no_usage(on, charges)]

    def _no_usage(self, on: date, charges: Sequence[UsageCharge]) -> Iterator[UsageCharge]:
        """Yield usage of nothing in the ended periods without usage, which Kill Bill lists too."""
        agreement = Agreement(customer="", currency=USD, cycle=_as_due(on), lines=tuple(self.books.versions.values()))
        for line in [line for line in agreement.lines if line.kind is ChargeKind.USAGE]:
            used = [item.period for item in charges if item.line == line.key]
            for due in due_periods(line, agreement, on):
                if not any(due.service.covers(period) for period in used):
                    yield UsageCharge(line=line.key, period=due.service, quantity=Decimal(0))

    def _used_up(self, draft: InvoiceDraft) -> None:
        closed = {claim.line_key: claim.period.end for claim in draft.billed if claim.kind is ChargeKind.USAGE}
        self.used = [
            item
            for item in self.used
            if not any(key.startswith(f"{item.key}/") and _counts_before(end, item, key) for key, end in closed.items())
        ]

    def _phases(self, found: Subscription, plan: Plan) -> tuple:  # type: ignore[type-arg]
        return tuple(
            replace(phase, price=PerUnit(currency=USD, unit_price=found.overrides[phase.name.rstrip("0123456789")]))
            if phase.name.rstrip("0123456789") in found.overrides
            else phase
            for phase in plan.phases
        )

    def _add(self, found: Subscription, placed: tuple[PlacedPhase, ...]) -> None:
        for item in placed:
            line = AgreedLine(
                key=f"{found.key}/{len(self.books.versions)}",
                description=found.key,
                kind=ChargeKind.RECURRING,
                cadence=item.phase.cadence or Cadence(CadenceUnit.MONTH),
                price=item.phase.price,
                quantity=found.quantity,
                active_from=item.period.start,
                alignment=Alignment.PLAN,
                anchor=self._anchor(found, item),
                basis=self.basis,
            )
            (version,) = lines_of((item,), line)
            if found.plan.is_usage:
                version = replace(version, kind=ChargeKind.USAGE, timing=Timing.IN_ARREARS)
            if version.kind is ChargeKind.ONE_TIME:
                self.fixed[version.key] = item.period
            self.books.add(version)

    def _anchor(self, found: Subscription, item: PlacedPhase) -> date:
        """Return the date from which a phase's periods count: the billing day in the month in which it starts."""
        cadence, start = item.phase.cadence, item.period.start
        if cadence is None or cadence.unit not in MONTHS:
            return start
        bcd = found.bcd or self._bundle_bcd(found) or start.day
        return anchor_on(bcd, start=start, cadence=cadence)

    def _bundle_bcd(self, found: Subscription) -> int | None:
        """Return the billing day: of the base's first paid phase for an add-on, else of the account."""
        base = next(iter(self.subscriptions.values()))
        if found.plan.is_addon and not base.plan.is_addon:
            paid = next(item for item in place(base.plan.phases, base.start) if item.phase.cadence is not None)
            return paid.period.start.day
        return self.bcd

    def _billed(self, key: str, on: date) -> Period | None:
        parts = [part for line, found in self.books.billed.items() if line.startswith(f"{key}/") for part in found]
        return next((part.period for part in parts if on in part.period and part.period.days > 1), None)

    def _running(self, key: str, on: date) -> list[AgreedLine]:
        lines = [line for line in self.books.versions.values() if line.key.startswith(f"{key}/")]
        return [line for line in lines if line.kind.recurs and (line.active_until is None or line.active_until > on)]

    def _open(self, on: date) -> list[AgreedLine]:
        return [line for key in self.subscriptions for line in self._running(key, on)]

    def _end(self, key: str, on: date) -> None:
        for line in [line for line in self.books.versions.values() if line.key.startswith(f"{key}/")]:
            if line.kind.recurs and (line.active_until is None or line.active_until > on):
                self.books.end(line, on)
            elif line.kind is ChargeKind.ONE_TIME and line.billed_through is None:
                del self.books.versions[line.key]


def _day_on(line: AgreedLine, item: Used) -> date | None:
    """Return the day on which usage counts for a version: of the day on which it ends, what lies before the instant."""
    if line.active_until is not None and item.on == line.active_until and line.key in item.versions:
        return item.on - ONE_DAY
    in_force = line.active_from <= item.on and (line.active_until is None or item.on < line.active_until)
    return item.on if in_force else None


def _counts_before(end: date, item: Used, key: str) -> bool:
    return item.on < end or (item.on == end and key in item.versions)


def _as_due(on: date) -> Cycle:
    return Cycle(cadence=Cadence(CadenceUnit.MONTH), anchor=on, next_bill=on, as_due=True)


def _copied(billed: Mapping[str, list]) -> dict[str, list]:  # type: ignore[type-arg]
    return {key: list(parts) for key, parts in billed.items()}


def _item(kind: str, amount: Money, start: date, end: date | None) -> Item:
    return {"type": kind, "amount": amount.amount, "start": start, "end": end}


def numbered(account: Account) -> dict[str, object]:
    """Return the invoices by number."""
    return {str(number): AnyOrder.of(items) for number, (_on, items) in enumerate(account.invoices, start=1)}
