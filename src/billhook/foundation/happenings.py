"""What happens to companies, people and clocks."""

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
