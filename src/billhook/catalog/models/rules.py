"""Which products and plans go together."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from billhook.foundation.scope import Book, ScopedModel


class CombinationRule(ScopedModel):
    """What the order of one thing needs, rules out or limits; `plan:voice` names a plan, `router` a product.

    `requires`: at least `quantity` of the other. `excludes`: none of the other. `at_most`: no more than `quantity` of
    the subject, for each of the other where one is named.
    """

    subject = models.CharField(max_length=80)
    rule = models.CharField(max_length=10)
    other = models.CharField(max_length=80, blank=True, default="")
    quantity = models.DecimalField(default=1, max_digits=24, decimal_places=12)

    book = Book(key=("subject", "rule", "other"))

    class Meta:
        """One rule of a kind between two."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "subject", "rule", "other"], name="combination_rule_once"),
            models.CheckConstraint(
                condition=Q(rule="at_most") | (Q(rule__in=["requires", "excludes"]) & ~Q(other="")),
                name="combination_rule_kind",
            ),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="combination_rule_quantity"),
        ]

    def __str__(self) -> str:
        """Return the rule in words."""
        return f"{self.subject} {self.rule} {self.other}".rstrip()
