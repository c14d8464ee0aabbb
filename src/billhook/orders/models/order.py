"""Orders, their lines in versions, and the identifiers by which usage finds them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.catalog.models import Plan, Price, Product
from billhook.customers.models import Customer
from billhook.foundation.scope import Book, ScopedModel

CHANGE_STATES = ["scheduled", "in_force", "undone"]
CHANGE_KINDS = ["change_line", "add_line", "end_line", "swap_plan", "suspend", "resume", "cancel", "move", "migrate"]


class Order(ScopedModel):
    """What a customer agreed to, from its start date up to, not including, its end date."""

    number = models.CharField(max_length=40)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT)
    status = models.CharField(max_length=12)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    suspended_on = models.DateField(null=True, blank=True)
    due_days = models.PositiveSmallIntegerField(null=True, blank=True)
    purchase_order = models.CharField(max_length=60, blank=True)
    external_key = models.CharField(max_length=80, blank=True)
    contract = models.JSONField(default=dict, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    depends_on = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="dependants")
    note = models.TextField(blank=True)

    book = Book(key=("number",))

    class Meta:
        """Found by number and by customer."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "number"], name="order_number_once"),
            models.CheckConstraint(condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="order_dates"),
            models.CheckConstraint(
                condition=Q(status__in=["pending", "active", "suspended", "ended", "cancelled"]), name="order_status"
            ),
            models.UniqueConstraint(
                fields=["company", "external_key"], condition=~Q(external_key=""), name="order_external_key_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "starts_on"], condition=Q(status="pending"), name="order_to_start"),
            models.Index(
                fields=["company", "ends_on"],
                condition=Q(status__in=["pending", "active", "suspended"], ends_on__isnull=False),
                name="order_to_end",
            ),
        ]

    def __str__(self) -> str:
        """Return the number."""
        return self.number


class OrderLine(ScopedModel):
    """One product of an order; what was agreed about it stands in its versions.

    `anchor` is the day from which the line's own periods count; empty for the order's start. `added_by` is the change
    that added the line; empty for a line that was ordered at the start. The discount is taken off every amount of the
    line, its price of a whole period as well as its parts.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT)
    description = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    timing = models.CharField(max_length=12)
    cadence_unit = models.CharField(max_length=12, default="month")
    cadence_count = models.PositiveSmallIntegerField(default=1)
    alignment = models.CharField(max_length=12, default="customer")
    proration = models.CharField(max_length=12, default="days")
    anchor = models.DateField(null=True, blank=True)
    discount_percent = models.DecimalField(default=0, max_digits=9, decimal_places=4)
    added_by = models.ForeignKey(
        "OrderChange", null=True, blank=True, on_delete=models.PROTECT, related_name="added_lines"
    )

    book = Book(key=("order", "position"))

    class Meta:
        """In the order in which they appear on an invoice."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "order", "position"], name="order_line_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["recurring", "usage", "one_time", "penalty"]), name="order_line_kind"
            ),
            models.CheckConstraint(condition=Q(timing__in=["in_advance", "in_arrears"]), name="order_line_timing"),
            models.CheckConstraint(
                condition=Q(discount_percent__gte=0, discount_percent__lte=100), name="order_line_discount"
            ),
        ]

    def __str__(self) -> str:
        """Return order and product."""
        return f"{self.order} · {self.description}"


class OrderLineVersion(ScopedModel):
    """What was agreed about a line for a stretch of time: quantity and price. A change ends it and opens the next.

    The price is a published version, or the line's own: {"model": …, "parameters": …} in the order's currency.
    `billed_through` is the day up to which, not including, the version is billed; empty before its first bill.
    `change` is the change that opened the version; empty for what was agreed with the line itself, which was to last
    until `agreed_until`, not included. `credit_due` says that days beyond its end are billed and not all given back;
    `credited_from` is the first day that a credit has given back.
    """

    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    quantity = models.DecimalField(default=1, max_digits=24, decimal_places=12)
    price = models.ForeignKey(Price, null=True, blank=True, on_delete=models.PROTECT)
    own_price = models.JSONField(null=True, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    billed_through = models.DateField(null=True, blank=True)
    change = models.ForeignKey("OrderChange", null=True, blank=True, on_delete=models.PROTECT, related_name="versions")
    agreed_until = models.DateField(null=True, blank=True)
    credit_due = models.BooleanField(default=False)
    credited_from = models.DateField(null=True, blank=True)

    book = Book(key=("line", "version"))

    class Meta:
        """Versions count up within a line."""

        ordering: ClassVar = ["version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "line", "version"], name="order_line_version_once"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="order_line_version_dates"
            ),
            models.CheckConstraint(
                condition=Q(price=None, own_price__isnull=False) | Q(price__isnull=False, own_price=None),
                name="order_line_version_one_price",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "line"], condition=Q(credit_due=True), name="order_line_credit_due"),
        ]

    def __str__(self) -> str:
        """Return line and version."""
        return f"{self.line} v{self.version}"


class OrderChange(ScopedModel):
    """A change of an order from a day on; `parameters` holds its steps, from which the versions of the lines follow.

    It is `scheduled` until its day, then `in_force`; `undone` takes its steps back.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="changes")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    line = models.ForeignKey(OrderLine, null=True, blank=True, on_delete=models.PROTECT, related_name="changes")
    effective_on = models.DateField()
    policy = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=12)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=200, blank=True)

    book = Book(key=("order", "number"))

    class Meta:
        """Changes count up within an order; those to come are found by their day."""

        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "order", "number"], name="order_change_once"),
            models.CheckConstraint(condition=Q(state__in=CHANGE_STATES), name="order_change_state"),
            models.CheckConstraint(condition=Q(kind__in=CHANGE_KINDS), name="order_change_kind"),
            models.CheckConstraint(
                condition=Q(state="undone", undone_at__isnull=False) | (~Q(state="undone") & Q(undone_at=None)),
                name="order_change_undone",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["company", "effective_on"], condition=Q(state="scheduled"), name="order_change_to_come"
            ),
        ]

    def __str__(self) -> str:
        """Return order and number."""
        return f"{self.order}/c{self.number}"


class ChangeRules(ScopedModel):
    """How a company handles changes where a change does not say otherwise: the options of `core.changes`."""

    when = models.CharField(max_length=20, default="now")
    how = models.CharField(max_length=12, default="prorate")
    settle = models.CharField(max_length=16, default="next_invoice")
    day_counts = models.BooleanField(default=False)
    suspension = models.CharField(max_length=12, default="credit")

    book = Book(key=("company",))

    class Meta:
        """One a company."""

        verbose_name_plural = "change rules"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company"], name="change_rules_once"),
            models.CheckConstraint(condition=Q(how__in=["prorate", "full", "none"]), name="change_rules_how"),
            models.CheckConstraint(condition=Q(settle__in=["now", "next_invoice"]), name="change_rules_settle"),
            models.CheckConstraint(condition=Q(suspension__in=["credit", "bill_on"]), name="change_rules_suspension"),
        ]

    def __str__(self) -> str:
        """Return what is given back and when."""
        return f"{self.how}, {self.settle}"


class UsageIdentifier(ScopedModel):
    """A number, account code or user name that usage records carry, and the order line that it means, by instant."""

    kind = models.CharField(max_length=20, default="account")
    value = models.CharField(max_length=120)
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="identifiers")
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)

    book = Book(key=("kind", "value", "valid_from"))

    class Meta:
        """One meaning at a time begins once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "kind", "value", "valid_from"], name="usage_identifier_once"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="usage_identifier_dates"
            ),
        ]

    def __str__(self) -> str:
        """Return the value."""
        return self.value
