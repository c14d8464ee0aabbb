"""What happens to usage."""

from dataclasses import dataclass
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCreated(Event):
    """A usage source was set up."""

    name: ClassVar[str] = "usage_source.created"
    sentence: ClassVar[str] = "The usage source {code} was created."
    subject_field: ClassVar[str] = "code"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEvent(Event):
    """The base of what happens to one batch."""

    subject_field: ClassVar[str] = "batch"

    batch: int
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLoaded(BatchEvent):
    """A file went through mediation and reconciles to the record."""

    name: ClassVar[str] = "usage.loaded"
    sentence: ClassVar[str] = "{file_name} was loaded: {raw} records, {rated} rated, {suspended} in suspense."

    raw: int
    rated: int
    suspended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateFileIgnored(BatchEvent):
    """A file with a content that was loaded before arrived again; nothing was loaded."""

    name: ClassVar[str] = "usage.duplicate_file"
    sentence: ClassVar[str] = "{file_name} has the content of batch {batch} and was not loaded again."


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsMended(BatchEvent):
    """Suspended records were edited."""

    name: ClassVar[str] = "usage.mended"
    sentence: ClassVar[str] = "Line {line} of {file_name} was mended: {edits}."

    line: int
    edits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsRecycled(BatchEvent):
    """Suspended records went through mediation again."""

    name: ClassVar[str] = "usage.recycled"
    sentence: ClassVar[str] = "{tried} suspended records of {file_name} were recycled; {rated} are rated now."

    tried: int
    rated: int
