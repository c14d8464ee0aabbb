"""Usage sources, batches with their counters, suspense, and the charges that wait for a bill."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.foundation.scope import Book, ScopedModel

COUNTS = ("rated", "metered", "zero_rated", "filtered", "duplicate", "absorbed", "held", "suspended")


def _sum(suffix: str) -> models.expressions.Combinable:
    total: models.expressions.Combinable = F(f"{COUNTS[0]}_{suffix}")
    for name in COUNTS[1:]:
        total = total + F(f"{name}_{suffix}")
    return total


class UsageSource(ScopedModel):
    """Where usage comes from: a switch or a meter, the format in which it writes, and that format's parameters."""

    code = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    format = models.CharField(max_length=60)
    zone = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    closed_periods = models.PositiveSmallIntegerField(default=2)

    book = Book(key=("code",))

    class Meta:
        """One source a code."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "code"], name="usage_source_once")]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


def _count_field() -> "models.PositiveBigIntegerField[int, int]":
    return models.PositiveBigIntegerField(default=0)


class MediationBatch(ScopedModel):
    """One file that went through mediation, and where each of its records ended, in records and in seconds.

    The database refuses a batch that does not balance: raw = decoded sources + rejected, and
    decoded = rated + metered + zero-rated + filtered + duplicate + absorbed + held + suspended.
    """

    number = models.PositiveBigIntegerField()
    source = models.ForeignKey(UsageSource, on_delete=models.PROTECT, related_name="batches")
    file_name = models.CharField(max_length=255)
    content_hash = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    stored_as = models.CharField(max_length=255)
    status = models.CharField(max_length=12)
    loaded_at = models.DateTimeField()
    parts = models.PositiveIntegerField(default=1)
    raw_records = _count_field()
    decoded_sources = _count_field()
    rejected_records = _count_field()
    decoded_records = _count_field()
    decoded_seconds = _count_field()
    rated_records = _count_field()
    rated_seconds = _count_field()
    metered_records = _count_field()
    metered_seconds = _count_field()
    zero_rated_records = _count_field()
    zero_rated_seconds = _count_field()
    filtered_records = _count_field()
    filtered_seconds = _count_field()
    duplicate_records = _count_field()
    duplicate_seconds = _count_field()
    absorbed_records = _count_field()
    absorbed_seconds = _count_field()
    held_records = _count_field()
    held_seconds = _count_field()
    suspended_records = _count_field()
    suspended_seconds = _count_field()
    first_event_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)

    book = Book(key=("number",))

    class Meta:
        """Numbered within a company; a content is loaded once a source."""

        verbose_name_plural = "mediation batches"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "number"], name="mediation_batch_number_once"),
            models.UniqueConstraint(fields=["company", "source", "content_hash"], name="mediation_content_once"),
            models.CheckConstraint(
                condition=Q(raw_records=F("decoded_sources") + F("rejected_records")), name="mediation_raw_balances"
            ),
            models.CheckConstraint(condition=Q(decoded_records=_sum("records")), name="mediation_records_balance"),
            models.CheckConstraint(condition=Q(decoded_seconds=_sum("seconds")), name="mediation_seconds_balance"),
        ]

    def __str__(self) -> str:
        """Return number and file name."""
        return f"{self.number} {self.file_name}"


class BatchFile(ScopedModel):
    """A file of the usage lake; it counts only because this row does. `path` is relative to the company's lake."""

    batch = models.ForeignKey(MediationBatch, on_delete=models.PROTECT, related_name="files")
    part = models.PositiveIntegerField()
    kind = models.CharField(max_length=8)
    path = models.CharField(max_length=255)
    rows = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    append_only = True
    book = Book(key=("batch", "part", "kind"))

    class Meta:
        """One file of a kind a part."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "batch", "part", "kind"], name="batch_file_once"),
            models.CheckConstraint(condition=Q(kind__in=["records", "keys"]), name="batch_file_kind"),
        ]

    def __str__(self) -> str:
        """Return the path."""
        return self.path


class SuspenseRecord(ScopedModel):
    """A record that could not be decoded, guided or rated: its reason, and what is known of it, to be mended."""

    batch = models.ForeignKey(MediationBatch, on_delete=models.PROTECT, related_name="suspense")
    line_number = models.PositiveBigIntegerField()
    byte_offset = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=40)
    stage = models.CharField(max_length=20)
    raw = models.TextField()
    parsed = models.JSONField(default=dict)
    edits = models.JSONField(default=dict)
    seconds = models.PositiveBigIntegerField(default=0)
    status = models.CharField(max_length=12, default="open")
    note = models.CharField(max_length=300, blank=True)

    book = Book(key=("batch", "line_number"))

    class Meta:
        """Once a line of a batch."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "batch", "line_number"], name="suspense_line_once"),
            models.CheckConstraint(condition=Q(status__in=["open", "recycled", "written_off"]), name="suspense_status"),
        ]
        indexes: ClassVar = [models.Index(fields=["company", "status", "reason"], name="suspense_by_reason")]

    def __str__(self) -> str:
        """Return reason and line."""
        return f"{self.reason} line {self.line_number}"


class Charge(ScopedModel):
    """Rated usage of one order line, price version, product and day, from one part of one batch; exact, to 12 decimals.

    `line_id` is the order line's primary key (a plain number: charges arrive by the million and lines are never
    deleted); `document` names the invoice that billed it, empty while unbilled.
    """

    batch = models.ForeignKey(MediationBatch, on_delete=models.PROTECT, related_name="charges")
    part = models.PositiveIntegerField(default=1)
    line_id = models.PositiveBigIntegerField()
    line_key = models.CharField(max_length=60)
    customer = models.CharField(max_length=40)
    product = models.CharField(max_length=60)
    price_key = models.CharField(max_length=80)
    day = models.DateField()
    currency = models.CharField(max_length=3)
    records = models.PositiveBigIntegerField()
    quantity = models.PositiveBigIntegerField()
    billed_quantity = models.PositiveBigIntegerField()
    amount = models.DecimalField(max_digits=24, decimal_places=12)
    document = models.CharField(max_length=40, blank=True)

    book = Book(key=("batch", "part", "line_key", "price_key", "day"), without=("line_id",))

    class Meta:
        """One row a batch part, line, price and day."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "batch", "part", "line_id", "price_key", "day"], name="charge_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "line_id", "day"], condition=Q(document=""), name="charge_unbilled"),
            models.Index(fields=["company", "document"], name="charge_of_document"),
        ]

    def __str__(self) -> str:
        """Return line, day and amount."""
        return f"{self.line_key} {self.day} {self.amount}"
