"""What single pages of the console are made of, beyond the components that all pages share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from billhook.interfaces.console.components import Fact, Form, Pill, StepState, Table, Tone, Value

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class NavItem:
    """One page in the side bar; ``count`` says how many rows wait there for a person."""

    label: str
    href: str
    icon: str
    current: bool = False
    count: int = 0
    tone: Tone = Tone.WARN


@dataclass(frozen=True, slots=True)
class NavSection:
    """Pages that belong together; the first section of the side bar needs no label."""

    label: str
    items: tuple[NavItem, ...]


@dataclass(frozen=True, slots=True)
class CompanyChoice:
    """A company that the person may switch to."""

    name: str
    href: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around every page: the company, the pages, the search, the test clock and the person.

    Args:
        clock_text: the company's time in words, such as ``1 Apr 2026``; shown for a sandbox only.
        clock_url: takes the form that advances the clock (``step`` is ``day``, ``month`` or ``event``);
            empty where the person may not.
        query: what was searched for, to stand in the field again.
    """

    company_name: str
    company_note: str
    sandbox: bool
    clock_text: str
    nav: tuple[NavSection, ...]
    person_initials: str
    person_name: str
    search_url: str
    sign_out_url: str
    home_url: str = "/"
    clock_url: str = ""
    companies: tuple[CompanyChoice, ...] = ()
    query: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of an invoice, and the address that says why it is what it is."""

    description: str
    period: str
    quantity: Value
    unit_price: Value
    amount: Value
    why_url: str


@dataclass(frozen=True, slots=True)
class WhyStep:
    """One step of a derivation: its name, how it was computed and its result; ``href`` leads to its source."""

    label: str
    formula: str
    result: Value
    href: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a line is what it is: one sentence, the steps, and the usage records down to their lines in a file."""

    sentence: str
    steps: tuple[WhyStep, ...]
    records: Table | None = None


@dataclass(frozen=True, slots=True)
class RunStep:
    """One step of a billing run and how far it is."""

    label: str
    state: StepState


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is; with ``poll_url`` the page asks again every second until it comes without one."""

    title: str
    done: int
    total: int
    pill: Pill
    steps: tuple[RunStep, ...]
    pace: str = ""
    poll_url: str = ""


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What a run creates in one currency."""

    headline: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an equation of counts."""

    label: str
    value: int
    href: str = ""
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Equation:
    """A reconciliation: the left count and the counts that must add up to it."""

    title: str
    left: Term
    terms: tuple[Term, ...]

    @property
    def balanced(self) -> bool:
        """Say whether the terms add up to the left side."""
        return self.difference == 0

    @property
    def difference(self) -> int:
        """Return what the left side has more than its terms."""
        return self.left.value - sum(term.value for term in self.terms)


@dataclass(frozen=True, slots=True)
class SuspenseGroup:
    """Usage records that wait for the same reason: how many, what they are worth and how to mend them."""

    reason: str
    advice: str
    count: int
    worth: Value
    records: Table
    form: Form | None = None


@dataclass(frozen=True, slots=True)
class BoardCard:
    """One customer on the collections board: what is overdue and what happens next, and when."""

    title: str
    href: str
    amount: Value
    since: str
    next_step: str
    pill: Pill | None = None


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One step of collections: its name, its sums a currency and the customers in it."""

    title: str
    sums: tuple[Value, ...]
    cards: tuple[BoardCard, ...]
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Change:
    """One value before and after."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One event of the audit trail: when, who, what happened and which values changed."""

    at: datetime
    actor: str
    name: str
    sentence: str
    href: str = ""
    changes: tuple[Change, ...] = ()
