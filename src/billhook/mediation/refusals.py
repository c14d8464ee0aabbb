"""Why a happening of this room is refused; each sentence says what to do."""

from datetime import date
from pathlib import Path

from billhook.core.errors import Refusal


class FileUnreadableError(Refusal):
    """Raised when a usage file cannot be read or kept."""

    def __init__(self, path: Path, trouble: OSError) -> None:
        super().__init__(f"{path} cannot be read: {trouble.strerror or trouble}. Check the path and its rights.")


class UnknownSourceError(Refusal):
    """Raised when no usage source has a code."""

    def __init__(self, code: str, known: list[str]) -> None:
        super().__init__(f"There is no usage source {code}; choose one of {', '.join(known) or 'none yet'}.")


class UsageNotUnbilledError(Refusal):
    """Raised when an invoice would bill usage of which a part is billed already."""

    def __init__(self, document: str, line_key: str, start: date, *, wanted: int, unbilled: int) -> None:
        super().__init__(
            f"{document} would bill {wanted} usage records of {line_key} from {start}, but finds {unbilled} unbilled: "
            "look which other invoice of the order line bills the rest."
        )


class UnknownBatchError(Refusal):
    """Raised when no batch has a number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no mediation batch {number}.")


class NotInSuspenseError(Refusal):
    """Raised when a record that is to be mended or recycled is not in suspense."""

    def __init__(self, line: int) -> None:
        super().__init__(f"Line {line} of this batch is not open in suspense: it was recycled or written off.")


class UnknownFieldError(Refusal):
    """Raised when an edit names a field that the record does not have."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"The record has no field {name}; it has {', '.join(known) or 'none that could be read'}.")
