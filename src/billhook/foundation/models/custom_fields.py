"""Custom fields: what a company wants to know beyond what the product asks."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.foundation.scope import Book, ScopedModel

ENTITIES = ("customer", "product", "plan", "order", "invoice", "payment")
KINDS = ("text", "integer", "decimal", "date", "boolean", "choice", "email", "url")


class CustomField(ScopedModel):
    """The definition of one field: of what, of which kind, and which values it takes.

    `default` is a stored value, empty for none. One that is no longer `active` keeps its values and takes no others.
    """

    entity = models.CharField(max_length=12)
    code = models.SlugField(max_length=40)
    label = models.CharField(max_length=120)
    kind = models.CharField(max_length=12)
    required = models.BooleanField(default=False)
    choices = models.JSONField(default=list, blank=True)
    pattern = models.CharField(max_length=200, blank=True)
    max_length = models.PositiveSmallIntegerField(default=200)
    default = models.JSONField(null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=1)
    active = models.BooleanField(default=True)

    book = Book(key=("entity", "code"))

    class Meta:
        """One field a code and entity, shown in the order of their position."""

        ordering: ClassVar = ["position", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "entity", "code"], name="custom_field_once"),
            models.CheckConstraint(condition=Q(entity__in=ENTITIES), name="custom_field_entity"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="custom_field_kind"),
        ]

    def __str__(self) -> str:
        """Return the label."""
        return self.label
