"""What happens to companies, people and clocks, and to files that are taken in."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from billhook.foundation.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyCreated(Event):
    """A company was set up."""

    name: ClassVar[str] = "company.created"
    sentence: ClassVar[str] = "The company {company_name} was created."
    subject_field: ClassVar[str] = "code"

    code: str
    company_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(Event):
    """Somebody was given a role in a company."""

    name: ClassVar[str] = "member.added"
    sentence: ClassVar[str] = "{email} was given the role {role}."
    subject_field: ClassVar[str] = "email"

    email: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAdvanced(Event):
    """The clock of a sandbox company was moved on."""

    name: ClassVar[str] = "clock.advanced"
    sentence: ClassVar[str] = "The clock was moved on to {to}."
    subject_field: ClassVar[str] = "to"

    to: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileImported(Event):
    """A file from another system was taken in to its end."""

    name: ClassVar[str] = "import.done"
    sentence: ClassVar[str] = "{file} with {kind} was imported: {created} stored, {rejected} rejected."
    subject_field: ClassVar[str] = "file"

    kind: str
    file: str
    created: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomFieldDefined(Event):
    """A company wants to know something more."""

    name: ClassVar[str] = "custom_field.defined"
    sentence: ClassVar[str] = "The custom field {field} ({kind}) was defined."
    subject_field: ClassVar[str] = "field"

    field: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomFieldChanged(Event):
    """The definition of a custom field was changed, or the field was retired or taken up again."""

    name: ClassVar[str] = "custom_field.changed"
    sentence: ClassVar[str] = "The custom field {field} was {how}."
    subject_field: ClassVar[str] = "field"

    field: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyCreated(Event):
    """A program was given a key; the event holds its prefix alone."""

    name: ClassVar[str] = "api_key.created"
    sentence: ClassVar[str] = "The API key {key_name} ({prefix}) was created with the role {role}."
    subject_field: ClassVar[str] = "prefix"

    key_name: str
    prefix: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked(Event):
    """A program's key was taken back."""

    name: ClassVar[str] = "api_key.revoked"
    sentence: ClassVar[str] = "The API key {key_name} ({prefix}) was revoked."
    subject_field: ClassVar[str] = "prefix"

    key_name: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpOpened(Event):
    """People may sign up by themselves from now on."""

    name: ClassVar[str] = "sign_up.opened"
    sentence: ClassVar[str] = "The public sign-up page was opened: account type {account_type}, {card}."
    subject_field: ClassVar[str] = "account_type"

    account_type: str
    card: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpClosed(Event):
    """Nobody may sign up by themselves any more."""

    name: ClassVar[str] = "sign_up.closed"
    sentence: ClassVar[str] = "The public sign-up page was closed."
