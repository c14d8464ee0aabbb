"""The sandbox processor as a plugin of the hook `payments.gateway`."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from billhook.hooks import contract
from billhook.payments.hooks import (
    AmountNotPositiveError,
    CardChoice,
    ChargeRequest,
    DeclineClass,
    GatewayAnswer,
    Outcome,
    ReferenceReusedError,
    RefundRequest,
)
from billhook.plugins.gateway_sandbox.behaviour import Verdict, approved, declined, verdict_on
from billhook.plugins.gateway_sandbox.journal import OpenJournal, Row, journal_at

CARDS = (
    CardChoice("tok_visa", "Visa test card"),
    CardChoice("tok_mastercard", "Mastercard test card"),
    CardChoice("tok_limit_20.00", "Test card with a limit of 20.00"),
    CardChoice("tok_stolen", "Test card that was stolen"),
    CardChoice("tok_3ds", "Test card that asks for a confirmation"),
)


class SandboxParameters(contract.Parameters):
    """Where the sandbox processor keeps its books."""

    folder: Path = Field(title="Folder", description="A folder on the server, made if it is missing.")


class SandboxGateway:
    """Plays an outside processor: its books are its own, and a reference moves money once."""

    hook: ClassVar[str] = "payments.gateway"
    code: ClassVar[str] = "sandbox"
    sandbox_only: ClassVar[bool] = True
    title: ClassVar[str] = "Sandbox processor"
    Parameters: ClassVar[type[BaseModel]] = SandboxParameters

    def __init__(self, parameters: SandboxParameters) -> None:
        self._journal = journal_at(parameters.folder.resolve() / "journal.jsonl")

    def card_choices(self) -> tuple[CardChoice, ...]:
        """Return test cards that end in every way that a new customer may see."""
        return CARDS

    def charge(self, request: ChargeRequest) -> GatewayAnswer:
        """Charge once and answer as the token says; a repeated reference hears what became of it.

        Raises:
            SandboxDownError: the token plays a processor that is down; nothing happened.
            ReferenceReusedError: the reference was used for something else.
            AmountNotPositiveError: nothing, or less, was asked for.
        """
        asked = _asked(request, kind="charge", token=request.token)
        with self._journal.locked() as books:
            known = books.find(request.reference)
            if known is not None:
                return _repeated(known, asked)
            verdict = verdict_on(request.reference, token=request.token, amount=request.amount)
            books.append({**asked, "description": request.description, **_written(verdict)})
            return verdict.heard

    def status(self, reference: str) -> GatewayAnswer | None:
        """Return what became of a charge or refund, or None where the reference was never seen."""
        with self._journal.locked() as books:
            known = books.find(reference)
            return None if known is None else _answer(known["settled"])

    def refund(self, request: RefundRequest) -> GatewayAnswer:
        """Give back up to what the charge took and was not given back yet.

        Raises:
            ReferenceReusedError: the reference was used for something else.
            AmountNotPositiveError: nothing, or less, was asked for.
        """
        asked = _asked(request, kind="refund", charge=request.charge_reference)
        with self._journal.locked() as books:
            known = books.find(request.reference)
            if known is not None:
                return _repeated(known, asked)
            answer = _refunded(books, request)
            books.append({**asked, **_written(Verdict(answer, answer))})
            return answer


def _asked(request: ChargeRequest | RefundRequest, **what: str) -> Row:
    """Return what a reference was used for, as it is written."""
    if not request.amount.is_finite() or request.amount <= 0:
        raise AmountNotPositiveError(request.reference, request.amount)
    return {
        "reference": request.reference,
        "amount": str(request.amount),
        "currency": request.currency,
        "at": request.at.isoformat(),
        **what,
    }


def _repeated(known: Row, asked: Row) -> GatewayAnswer:
    """Return what became of the first call, if this one asks for the same."""
    same = Decimal(known["amount"]) == Decimal(asked["amount"]) and all(
        known.get(name) == asked.get(name) for name in ("kind", "currency", "token", "charge")
    )
    if not same:
        raise ReferenceReusedError(asked["reference"])
    return _answer(known["settled"])


def _refunded(books: OpenJournal, request: RefundRequest) -> GatewayAnswer:
    reference, charge = request.reference, books.find(request.charge_reference)
    if charge is None or charge["kind"] != "charge" or not _moved(charge) or charge["currency"] != request.currency:
        return declined(reference, "unknown_charge", DeclineClass.HARD, "There is no such charge in this currency.")
    given_back = sum(
        (Decimal(row["amount"]) for row in books.rows() if row.get("charge") == charge["reference"] and _moved(row)),
        Decimal(0),
    )
    if given_back + request.amount > Decimal(charge["amount"]):
        return declined(reference, "refund_exceeds_charge", DeclineClass.HARD, "No more is left of the charge.")
    return approved(reference)


def _moved(row: Row) -> bool:
    return bool(row["settled"]["outcome"] == Outcome.SUCCEEDED)


def _written(verdict: Verdict) -> Row:
    return {"heard": asdict(verdict.heard), "settled": asdict(verdict.settled)}


def _answer(written: dict[str, Any]) -> GatewayAnswer:
    decline = written["decline_class"]
    return GatewayAnswer(
        outcome=Outcome(written["outcome"]),
        code=written["code"],
        decline_class=DeclineClass(decline) if decline else None,
        gateway_id=written["gateway_id"],
        message=written["message"],
    )
