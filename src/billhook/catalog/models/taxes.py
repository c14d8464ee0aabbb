"""Taxes by place and tax category, and how buyers are treated."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from billhook.foundation.scope import Book, ScopedModel


class TaxRate(ScopedModel):
    """A dated tax of a company on a product's tax category: percent with up to 4 decimals, or a fixed amount.

    It holds in a country and region; without a country, wherever the company has set none for the buyer's.
    """

    country = models.CharField(max_length=2, blank=True, default="")
    region = models.CharField(max_length=40, blank=True, default="")
    tax_category = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, default="percent")
    category = models.CharField(max_length=4, default="S")
    percent = models.DecimalField(max_digits=9, decimal_places=4, default=0)
    fixed = models.DecimalField(null=True, blank=True, max_digits=24, decimal_places=12)
    per = models.CharField(max_length=8, default="invoice")
    compound = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)

    book = Book(key=("country", "region", "tax_category", "code", "valid_from"))

    class Meta:
        """One rate a place, category, code and first date."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "country", "region", "tax_category", "code", "valid_from"], name="tax_rate_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="percent", percent__gte=0, fixed=None)
                | Q(kind="fixed", percent=0, fixed__gte=0, compound=False),
                name="tax_rate_kind",
            ),
            models.CheckConstraint(condition=Q(per__in=["invoice", "line", "unit"]), name="tax_rate_per"),
            models.CheckConstraint(condition=Q(region="") | ~Q(country=""), name="tax_rate_region_of_a_country"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="tax_rate_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class TaxTreatment(ScopedModel):
    """How buyers of a kind and place are treated; the first that fits, by position, decides.

    `countries` names them by ISO 3166, `EU` the member states of the European Union; none named, every country.
    `business` and `vat_checked` are yes, no or whatever. The outcome is `untaxed` (with category and reason),
    `buyer` (the rates of the buyer's place) or `home` (the company's rates without a country).
    """

    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField()
    countries = models.JSONField(default=list, blank=True)
    except_countries = models.JSONField(default=list, blank=True)
    business = models.BooleanField(null=True, blank=True)
    vat_checked = models.BooleanField(null=True, blank=True)
    exemption = models.CharField(max_length=40, blank=True, default="")
    outcome = models.CharField(max_length=8, default="untaxed")
    category = models.CharField(max_length=4, blank=True, default="")
    reason = models.CharField(max_length=200, blank=True, default="")

    book = Book(key=("code",))

    class Meta:
        """One treatment a code and a position; what is untaxed says why."""

        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "code"], name="tax_treatment_once"),
            models.UniqueConstraint(fields=["company", "position"], name="tax_treatment_position_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=["buyer", "home"], category="")
                | (Q(outcome="untaxed", category__in=["AE", "E", "G", "K", "O", "Z"]) & ~Q(reason="")),
                name="tax_treatment_outcome",
            ),
        ]

    def __str__(self) -> str:
        """Return the name."""
        return self.name
