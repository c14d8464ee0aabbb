"""Refusals that several happenings to customers share."""

from datetime import date

from billhook.core.errors import Refusal


class CustomerExistsError(Refusal):
    """Raised when a customer number is taken."""

    def __init__(self, number: str) -> None:
        """Name the number."""
        super().__init__(f"Customer {number} exists already: choose another number.")


class ExternalKeyTakenError(Refusal):
    """Raised when another customer has an external key."""

    def __init__(self, key: str) -> None:
        super().__init__(f"Another customer has the external key {key}: look it up, or choose another key.")


class UnknownAccountTypeError(Refusal):
    """Raised when no account type has a code."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(f"There is no account type {code}: create it, or choose another.")


class CustomerMergedError(Refusal):
    """Raised when something is to happen to a customer who was merged into another."""

    def __init__(self, number: str, into: str) -> None:
        super().__init__(f"Customer {number} was merged into {into}: do it there.")


class CustomerClosedError(Refusal):
    """Raised when something is to happen to a closed customer that only an open one can do."""

    def __init__(self, number: str) -> None:
        super().__init__(f"Customer {number} is closed for good: create a customer anew.")


class CustomerAnonymisedError(Refusal):
    """Raised when personal data is to be added to a customer whose personal data was removed."""

    def __init__(self, number: str) -> None:
        super().__init__(f"The personal data of customer {number} was removed: add none, create a customer anew.")


class MalformedError(Refusal):
    """Raised when something that a customer gives is not of its form; the message says which, and what is expected."""


class OverlapError(Refusal):
    """Raised when two of the same kind would count on one day."""

    def __init__(self, what: str, start: date, end: date | None) -> None:
        until = f"until {end}" if end else "until further notice"
        super().__init__(f"{what} from {start} {until} stands on some of these days: end it first, or choose others.")
