"""Why an order cannot be placed or changed as somebody asks."""

from datetime import date

from billhook.core.errors import Refusal


class OrderIsOverError(Refusal):
    """Raised when an order that has ended or was cancelled is to be changed."""

    def __init__(self, order: str, status: str) -> None:
        super().__init__(f"Order {order} is {status}: place another order, for this one cannot be changed any more.")


class OutsideOrderError(Refusal):
    """Raised when a change lies before what it changes, or after its end."""

    def __init__(self, what: str, on: date, *, starts_on: date, ends_on: date | None) -> None:
        until = f" and before {ends_on}" if ends_on else " on"
        super().__init__(f"{what} is not in force on {on}: choose a day from {starts_on}{until}.")


class ContradictingChangeError(Refusal):
    """Raised when a change contradicts another one that is scheduled, or of which nothing is billed yet."""

    def __init__(self, order: str, number: int, kind: str, on: date) -> None:
        what = kind.replace("_", " ")
        super().__init__(f"Change {number} of order {order} ({what} on {on}) says otherwise: undo that change first.")


class NothingChangesError(Refusal):
    """Raised when a change would leave everything as it is."""

    def __init__(self, what: str, on: date) -> None:
        super().__init__(f"{what} has that from {on} on already: choose another quantity, price or day.")


class NoSuchLineError(Refusal):
    """Raised when an order has no line at a position."""

    def __init__(self, order: str, position: int) -> None:
        super().__init__(f"Order {order} has no line {position}: look at its lines and name one of them.")


class NoSuchChangeError(Refusal):
    """Raised when an order has no change of a number."""

    def __init__(self, order: str, number: int) -> None:
        super().__init__(f"Order {order} has no change {number}: look at its changes and name one of them.")


class ChangeIsBilledError(Refusal):
    """Raised when a change is to be undone of which something is billed or given back already."""

    def __init__(self, order: str, number: int) -> None:
        super().__init__(
            f"Change {number} of order {order} is billed already: make another change, which the next bill settles."
        )


class ChangeIsUndoneError(Refusal):
    """Raised when a change is to be undone a second time."""

    def __init__(self, order: str, number: int) -> None:
        super().__init__(f"Change {number} of order {order} is undone already: there is nothing left to undo.")


class LaterChangeError(Refusal):
    """Raised when a change is to be undone on which a later one stands."""

    def __init__(self, order: str, number: int, later: int) -> None:
        super().__init__(f"Change {later} of order {order} stands on change {number}: undo change {later} first.")


class QuantityError(Refusal):
    """Raised when a quantity is below zero."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} cannot be fewer than none: give a quantity of 0 or more, or end the line.")


class DependsOnError(Refusal):
    """Raised when an order would begin before the one it needs, or outlive it."""

    def __init__(self, order: str, needs: str) -> None:
        super().__init__(
            f"Order {order} needs {needs}, which does not run on all its days: change its dates, or cancel it first."
        )
