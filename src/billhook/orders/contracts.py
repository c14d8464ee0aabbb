"""The contract of an order, kept as validated parameters: its term, its notice, and what it costs to leave early."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.cancellation import (
    CancellationFee,
    DecliningFee,
    FlatFee,
    PercentOfRest,
    PerRestingPeriod,
    Term,
    cancellation_fee,
)
from billhook.core.contract import Contract, Notice, Renewal
from billhook.core.derivation import Derivation
from billhook.core.errors import Refusal
from billhook.core.money import Money, currency, sum_money
from billhook.orders.models import Order, OrderLineVersion
from billhook.orders.queries import agreed_line

FEES = ("flat", "percent_of_rest", "per_period", "declining")


class ContractParametersError(Refusal):
    """Raised for a contract whose parameters say nothing that can be billed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The contract is not complete: {what}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeTerms:
    """What leaving early costs: the kind of `core.cancellation`, its figures, and the product that it is billed as."""

    product: str
    kind: str
    amount: Decimal | None = None
    percent: Decimal | None = None
    step: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractTerms:
    """A minimum term, such as 12 months, the notice before its end, what follows it, and the fee for leaving early."""

    term: Cadence
    notice: Cadence | None = None
    renewal: Renewal = Renewal.SAME_TERM
    fee: FeeTerms | None = None


def stored(terms: ContractTerms | None, code: str) -> dict[str, Any]:
    """Return a contract as it is kept on its order, its figures in a currency; nothing for none.

    Raises:
        ContractParametersError: the fee has no figure that its kind needs.
        CancellationError: a figure is below zero.
    """
    if terms is None:
        return {}
    found: dict[str, Any] = {"term": _written(terms.term), "renewal": terms.renewal.value}
    if terms.notice is not None:
        found["notice"] = _written(terms.notice)
    if terms.fee is not None:
        figures = {"amount": terms.fee.amount, "percent": terms.fee.percent, "step": terms.fee.step}
        given = {name: format(figure, "f") for name, figure in figures.items() if figure is not None}
        found["fee"] = {"product": terms.fee.product, "kind": terms.fee.kind, **given}
        _fee(found["fee"], code)
    _contract("contract", date(2000, 1, 1), found)
    return found


def contract_of(order: Order) -> Contract | None:
    """Return the contract of an order as the core knows it; None for an order that binds nobody."""
    return _contract(order.number, order.starts_on, order.contract) if order.contract else None


def fee_for(order: Order, versions: Sequence[OrderLineVersion], on: date) -> Derivation | None:
    """Return what leaving an order on a day costs, with its steps; None where nothing is to be paid.

    The rest of the term costs what the recurring lines cost that have the cadence of the first one.

    Args:
        order: with its customer.
        versions: of its lines, as they are before they end.
        on: the first day without service.
    """
    contract = contract_of(order)
    begun = [row for row in versions if row.line.kind == "recurring" and row.starts_on <= on]
    running = [row for row in begun if row.ends_on is None or row.ends_on > on]
    if contract is None or "fee" not in order.contract or not running:
        return None
    term = contract.term_on(max(on, contract.start))
    if term is None:
        return None
    lines = [agreed_line(row) for row in running]
    cadence = lines[0].cadence
    if cadence is None:
        return None
    unit = currency(order.customer.currency)
    prices = [
        Money.of(line.price.price(line.quantity).amount, unit.code)
        for line in lines
        if line.price is not None and line.cadence == cadence
    ]
    whole = Term(period=term, cadence=cadence, price=sum_money(prices, unit))
    fee = cancellation_fee(_fee(order.contract["fee"], unit.code), whole, on)
    return fee if fee.result else None


def _contract(key: str, start: date, kept: Mapping[str, Any]) -> Contract:
    length = _read(kept["notice"]) if "notice" in kept else None
    return Contract(
        key=key, start=start, term=_read(kept["term"]), notice=Notice(length=length), renewal=Renewal(kept["renewal"])
    )


def _written(cadence: Cadence) -> dict[str, Any]:
    return {"unit": cadence.unit.value, "count": cadence.count}


def _read(kept: Mapping[str, Any]) -> Cadence:
    return Cadence(CadenceUnit(kept["unit"]), kept["count"])


def _fee(kept: Mapping[str, Any], code: str) -> CancellationFee:
    kind = kept["kind"]
    if kind == "percent_of_rest":
        return PercentOfRest(percent=_figure(kept, "percent"))
    if kind not in FEES:
        raise ContractParametersError(f"{kind} is no kind of fee; choose {', '.join(FEES)}")
    amount = Money(_figure(kept, "amount"), currency(code))
    if kind == "flat":
        return FlatFee(amount=amount)
    if kind == "per_period":
        return PerRestingPeriod(amount=amount)
    return DecliningFee(amount=amount, step=_figure(kept, "step"))


def _figure(kept: Mapping[str, Any], name: str) -> Decimal:
    try:
        return Decimal(kept[name])
    except (KeyError, InvalidOperation):
        raise ContractParametersError(f"a fee of the kind {kept['kind']} needs a figure as its {name}") from None
