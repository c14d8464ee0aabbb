"""The foundation's tables: companies and people outside row-level security, events and series inside it."""

from billhook.foundation.models.companies import Company, Membership, Person, Role, SignInLink
from billhook.foundation.models.doors import ApiKey, AttemptCount, KeptAnswer
from billhook.foundation.models.records import EventRecord, EventSeal, NumberSeries

__all__ = [
    "ApiKey",
    "AttemptCount",
    "Company",
    "EventRecord",
    "EventSeal",
    "KeptAnswer",
    "Membership",
    "NumberSeries",
    "Person",
    "Role",
    "SignInLink",
]
