"""The identifiers of an order's usage when its service ends, moves, or goes on after all."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q

from billhook.core.calendar import day_start
from billhook.core.errors import Refusal
from billhook.orders.models import Order, OrderLine, UsageIdentifier

AN_INSTANT = timedelta(microseconds=1)


class IdentifierTakenError(Refusal):
    """Raised when a usage identifier means another order line already."""

    def __init__(self, value: str, order: str) -> None:
        """Name the identifier and who has it."""
        super().__init__(f"The identifier {value} belongs to order {order}: end it there first, or choose another.")


def claim(line: OrderLine, kind: str, values: Sequence[str], at: datetime) -> None:
    """Let identifiers mean a line from an instant on.

    Only callers that hold the row of the order numbers keep others from claiming the same meanwhile.

    Raises:
        IdentifierTakenError: one belongs to another order.
    """
    for value in values:
        meant = UsageIdentifier.objects.filter(Q(valid_until=None) | Q(valid_until__gt=at), value=value)
        taken = meant.select_related("line__order").first()
        if taken is not None:
            raise IdentifierTakenError(value, taken.line.order.number)
        UsageIdentifier.objects.create(kind=kind, value=value, line=line, valid_from=at)


def end_identifiers(order: Order, on: date, lines: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """End what an order's identifiers mean with the day before `on`, and return what was ended, to be taken back.

    Args:
        order: whose service ends.
        on: the first day without it.
        lines: primary keys of the lines; None for all.
    """
    end = day_start(on, order.customer.zone)
    found = UsageIdentifier.objects.filter(Q(valid_until=None) | Q(valid_until__gt=end), line__order=order)
    if lines is not None:
        found = found.filter(line__in=lines)
    ended = []
    for identifier in found.select_related("line").order_by("kind", "value", "valid_from"):
        until = identifier.valid_until
        ended.append(
            {
                "line": identifier.line.position,
                "kind": identifier.kind,
                "value": identifier.value,
                "valid_from": identifier.valid_from.isoformat(),
                "valid_until": until.isoformat() if until else None,
            }
        )
        identifier.valid_until = max(end, identifier.valid_from + AN_INSTANT)
        identifier.save(update_fields=["valid_until"])
    return ended


def claim_again(line: OrderLine, ended: Sequence[dict[str, Any]], start: datetime) -> None:
    """Let identifiers that were ended mean another line from an instant on, or from where they began later."""
    for kept in ended:
        begun = datetime.fromisoformat(kept["valid_from"]) + AN_INSTANT
        claim(line, kept["kind"], [kept["value"]], max(start, begun))


def restore_identifiers(ended: Sequence[dict[str, Any]]) -> None:
    """Let identifiers mean what they meant before they were ended.

    Raises:
        IdentifierTakenError: one means another line by now.
    """
    for kept in ended:
        mine = UsageIdentifier.objects.get(kind=kept["kind"], value=kept["value"], valid_from=kept["valid_from"])
        others = UsageIdentifier.objects.filter(kind=mine.kind, value=mine.value).exclude(pk=mine.pk)
        later = others.filter(valid_from__gte=mine.valid_from).select_related("line__order").first()
        if later is not None:
            raise IdentifierTakenError(mine.value, later.line.order.number)
        mine.valid_until = datetime.fromisoformat(kept["valid_until"]) if kept["valid_until"] else None
        mine.save(update_fields=["valid_until"])
