"""The foundation's tables: companies and people outside row-level security, events and series inside it."""

from billhook.foundation.models.companies import Company, Membership, Person, Role, SignInLink
from billhook.foundation.models.custom_fields import CustomField
from billhook.foundation.models.doors import ApiKey, AttemptCount, KeptAnswer
from billhook.foundation.models.imports import ImportJob, RejectedRow
from billhook.foundation.models.records import EventRecord, EventSeal, NumberSeries

__all__ = [
    "ApiKey",
    "AttemptCount",
    "Company",
    "CustomField",
    "EventRecord",
    "EventSeal",
    "ImportJob",
    "KeptAnswer",
    "Membership",
    "NumberSeries",
    "Person",
    "RejectedRow",
    "Role",
    "SignInLink",
]
