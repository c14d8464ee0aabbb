"""What a role may allow: every action in the product has one permission, declared in its room's `permissions.py`."""

from dataclasses import dataclass

from billhook.core.errors import Refusal
from billhook.foundation.models.companies import Company, Membership, Person


@dataclass(frozen=True, slots=True)
class Permission:
    """A dotted code and what it lets somebody do, as one phrase."""

    code: str
    sentence: str


_known: dict[str, Permission] = {}


class NotAllowedError(Refusal):
    """Raised when somebody does what their role does not allow."""

    def __init__(self, permission: Permission) -> None:
        """Say which permission is missing."""
        super().__init__(
            f"Your role does not allow this ({permission.sentence}): ask an administrator for {permission.code}."
        )


def permission(code: str, sentence: str) -> Permission:
    """Declare a permission."""
    declared = Permission(code=code, sentence=sentence)
    _known[code] = declared
    return declared


def all_permissions() -> tuple[Permission, ...]:
    """Return every declared permission, by code."""
    return tuple(_known[code] for code in sorted(_known))


ADMINISTER = permission("foundation.administer", "manage people, roles and settings")
VIEW_AUDIT = permission("foundation.view_audit", "read the audit log")
MOVE_CLOCK = permission("foundation.move_clock", "move the clock of a sandbox company")


def allowed(person: Person, company: Company) -> frozenset[str]:
    """Return the codes that a person's role in a company, or in the nearest company above it, allows."""
    at: Company | None = company
    while at is not None:
        membership = Membership.objects.filter(person=person, company=at).select_related("role").first()
        if membership is not None:
            return frozenset(membership.role.permissions)
        at = at.parent
    return frozenset()
