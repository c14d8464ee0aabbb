"""Imports: which file was taken in, how far, and which rows were not."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.foundation.scope import Book, ScopedModel


class ImportJob(ScopedModel):
    """One file of customers, products, orders or balances; `position` is the last line that was looked at."""

    number = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, default="running")
    position = models.PositiveBigIntegerField(default=0)
    created = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=200)

    book = Book(key=("number",))

    class Meta:
        """Numbered; a file runs once at a time."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "number"], name="import_number_once"),
            models.UniqueConstraint(
                fields=["company", "kind", "sha256"], condition=Q(state="running"), name="import_runs_once"
            ),
            models.CheckConstraint(condition=Q(state__in=["running", "done"]), name="import_state"),
        ]

    def __str__(self) -> str:
        """Return kind and file."""
        return f"{self.kind} {self.file_name}"


class RejectedRow(ScopedModel):
    """A row of a file that was not taken in, and why."""

    job = models.ForeignKey(ImportJob, on_delete=models.PROTECT, related_name="rejected_rows")
    line = models.PositiveBigIntegerField()
    column = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300)

    book = Book(key=("job", "line", "column"))

    class Meta:
        """A row is rejected once a job."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "job", "line"], name="rejected_row_once")]

    def __str__(self) -> str:
        """Return line and reason."""
        return f"{self.line}: {self.reason}"
