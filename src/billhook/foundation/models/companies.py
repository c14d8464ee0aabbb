"""Companies, the people who work in them, and the tables every room shares that lie outside row-level security."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q


class Company(models.Model):
    """One seller with its own books; companies form a tree, a reseller under its operator."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    currency = models.CharField(max_length=3)
    zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=12, default="en")
    address = models.TextField(blank=True)
    email = models.EmailField(blank=True)
    vat_id = models.CharField(max_length=32, blank=True)
    registration = models.CharField(max_length=64, blank=True)
    payment_note = models.TextField(blank=True)
    tax_rounding = models.CharField(max_length=16, default="rate")
    due_days = models.PositiveSmallIntegerField(default=14)
    second_person = models.BooleanField(default=False)
    sandbox = models.BooleanField(default=False)
    clock_at = models.DateTimeField(null=True, blank=True)
    public_sign_up = models.BooleanField(default=False)
    sign_up_without_card = models.BooleanField(default=False)
    sign_up_account_type = models.CharField(max_length=40, blank=True)

    class Meta:
        """Only a sandbox has a movable clock; who signs up by themselves becomes a customer of some account type."""

        verbose_name_plural = "companies"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(clock_at=None) | Q(sandbox=True), name="company_clock_needs_sandbox"),
            models.CheckConstraint(
                condition=Q(public_sign_up=False) | ~Q(sign_up_account_type=""), name="company_sign_up_has_type"
            ),
        ]

    def __str__(self) -> str:
        """Return the trading name."""
        return self.name

    @classmethod
    def tree_ids(cls, root: int) -> tuple[int, ...]:
        """Return the primary keys of a company and every company below it, ascending."""
        found, edge = {root}, {root}
        while edge:
            edge = set(cls.objects.filter(parent_id__in=edge).values_list("pk", flat=True)) - found
            found |= edge
        return tuple(sorted(found))


class People(BaseUserManager["Person"]):
    """Creates people; an e-mail address is one person whatever its case."""

    def create_person(self, *, email: str, name: str, password: str | None = None) -> "Person":
        """Create a person who can sign in once a password or a signed link is given."""
        person = self.model(email=self.normalize_email(email).lower(), name=name)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Somebody who signs in to the console; what they may do hangs on their membership."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)

    objects: ClassVar[People] = People()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        """Spelt as people are counted."""

        verbose_name_plural = "people"

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Role(models.Model):
    """A named set of permissions."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    permissions = models.JSONField(default=list)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Membership(models.Model):
    """A person's role in a company."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT)

    class Meta:
        """One role a person and company."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "company"], name="membership_once")]

    def __str__(self) -> str:
        """Return person, role and company."""
        return f"{self.person} · {self.role} · {self.company}"


class SignInLink(models.Model):
    """A link that signs a person in once; only its hash is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        """Return whose link it is."""
        return f"sign-in link of {self.person}"
