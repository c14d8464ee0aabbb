"""What stands at the doors for programs and the public: keys, counted attempts, and answers kept for a day."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.foundation.models.companies import Company, Role
from billhook.foundation.scope import ScopedModel


class ApiKey(models.Model):
    """A program's way into one company, with a role's permissions; `prefix` finds it, only its hash is kept.

    It lies outside row-level security: it says which company a request is about.
    """

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    role = models.ForeignKey(Role, on_delete=models.PROTECT)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A name is of one working key at a time."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "name"], condition=Q(revoked_at=None), name="api_key_name_once"),
            models.CheckConstraint(condition=~Q(name=""), name="api_key_named"),
        ]

    def __str__(self) -> str:
        """Return name and prefix, never more of the key."""
        return f"{self.name} ({self.prefix})"


class AttemptCount(models.Model):
    """How often somebody tried something since `opened_at`; `who` is a hash, so that no address is kept."""

    what = models.CharField(max_length=40)
    who = models.CharField(max_length=64)
    opened_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        """One count for each thing that is tried and each who."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["what", "who"], name="attempt_count_once")]

    def __str__(self) -> str:
        """Return what was tried and how often."""
        return f"{self.what} {self.count}"


class KeptAnswer(ScopedModel):
    """What a request with an idempotency key was answered, so that the same request is answered alike.

    It is written in the transaction of what the request did. `fingerprint` covers method, address and body.
    """

    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.BinaryField(default=bytes)
    kept_at = models.DateTimeField()

    class Meta:
        """One answer a key."""

        indexes: ClassVar = [models.Index(fields=["company", "kept_at"], name="kept_answer_age")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "key"], name="kept_answer_once")]

    def __str__(self) -> str:
        """Return the key."""
        return self.key
