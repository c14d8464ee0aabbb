"""What happens to billing runs."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent(Event):
    """The base of what happens to one run."""

    subject_field: ClassVar[str] = "run"

    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(RunEvent):
    """A run began to compute."""

    name: ClassVar[str] = "run.started"
    sentence: ClassVar[str] = "Billing run {run} for {bill_date} was started."

    bill_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReadyForReview(RunEvent):
    """All drafts of a run are stored and wait for somebody to look at them."""

    name: ClassVar[str] = "run.ready_for_review"
    sentence: ClassVar[str] = "Billing run {run} is ready for review: {drafts} drafts, {failed} failed."

    drafts: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunApproved(RunEvent):
    """A run was approved; its invoices have their numbers and are being issued."""

    name: ClassVar[str] = "run.approved"
    sentence: ClassVar[str] = "Billing run {run} was approved: {invoices} invoices, {held} held."

    invoices: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRejected(RunEvent):
    """A run was rejected; nothing was issued."""

    name: ClassVar[str] = "run.rejected"
    sentence: ClassVar[str] = "Billing run {run} was rejected: {reason}."

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(RunEvent):
    """Every invoice of a run is issued."""

    name: ClassVar[str] = "run.finished"
    sentence: ClassVar[str] = "Billing run {run} is done: {invoices} invoices were issued."

    invoices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberingSet(Event):
    """A company decided in which series its credit notes are numbered."""

    name: ClassVar[str] = "billing.numbering_set"
    sentence: ClassVar[str] = "Credit notes are numbered {series}."

    series: str
