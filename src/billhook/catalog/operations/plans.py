"""Plans are added, get new versions, are activated and retired."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from billhook.catalog.events import PlanActivated, PlanCreated, PlanPublished, PlanRetired
from billhook.catalog.models import Plan
from billhook.catalog.operations.plan_parts import NO_MORE_PARTS, NewContent, NewPlanItem, PlanParts
from billhook.catalog.operations.plan_store import store_parts
from billhook.catalog.queries.plans import UnknownPlanError, contained_codes
from billhook.catalog.refusals import CodeTakenError, require_code, require_option
from billhook.core.errors import Refusal
from billhook.foundation.constraints import refusing
from billhook.foundation.events import Actor, emit

FIRST_STATUSES = ("draft", "active")


class PlanCircleError(Refusal):
    """Raised when a plan would contain itself, through however many others."""

    def __init__(self, code: str, contained: str) -> None:
        """Name both plans."""
        super().__init__(f"The plan {contained} contains {code}: leave {contained} out of {code}, or {code} out of it.")


class PlanOverlapError(Refusal):
    """Raised when another version of a plan begins on the same day."""

    def __init__(self, code: str, valid_from: date | None) -> None:
        """Name the plan and the day."""
        day = f"on {valid_from}" if valid_from else "without a first day"
        super().__init__(
            f"A version of the plan {code} begins {day} already, and a version never changes: choose another day."
        )


class PlanStatusError(Refusal):
    """Raised when a plan is to become what it is, or what it can no longer be."""

    def __init__(self, code: str, status: str, wanted: str) -> None:
        """Name the plan, its status and the one that was asked for."""
        super().__init__(f"The plan {code} is {status} and cannot become {wanted}: create another plan.")


@transaction.atomic
def create_plan(
    *,
    code: str,
    name: str,
    items: Iterable[NewPlanItem],
    actor: Actor,
    at: datetime,
    parts: PlanParts = NO_MORE_PARTS,
    description: str = "",
    status: str = "active",
) -> Plan:
    """Add a plan of products, in the order in which they will appear on an invoice.

    Raises:
        CodeError: the code has signs that a code may not have.
        CodeTakenError: another plan has the code.
        UnknownOptionError: there is no such status.
        UnknownProductError: there is no such product.
        UnknownPlanError: a plan that it is to contain does not exist.
        PlanCircleError: it would contain itself.
    """
    require_code("plan", code)
    require_option("status of a new plan", status, FIRST_STATUSES)
    contained = _contained(code, parts.contents)
    with refusing(plan_once=CodeTakenError("plan", code), plan_starts_once=CodeTakenError("plan", code)):
        plan = Plan.objects.create(code=code, name=name, description=description, status=status)
    store_parts(plan, tuple(items), parts, contained)
    emit(PlanCreated(code=code), actor=actor, at=at)
    return plan


@transaction.atomic
def publish_plan_version(
    *,
    code: str,
    name: str,
    items: Iterable[NewPlanItem],
    valid_from: date,
    actor: Actor,
    at: datetime,
    parts: PlanParts = NO_MORE_PARTS,
    description: str = "",
) -> Plan:
    """Publish the next version of a plan, whole; orders that were placed keep theirs until they are moved.

    Args:
        code: of the plan.
        name: of the version.
        items: its products.
        valid_from: the first day on which the version is ordered.
        actor: who publishes it.
        at: when.
        parts: all that it has besides products; nothing is taken from the version before.
        description: more about it.

    Raises:
        UnknownPlanError: there is no such plan, or none of a plan that it is to contain.
        PlanStatusError: the plan is retired.
        PlanOverlapError: another version begins on the day.
        PlanCircleError: it would contain itself.
    """
    newest = _locked(code)
    if newest.status == "retired":
        raise PlanStatusError(code, newest.status, "sold again")
    contained = _contained(code, parts.contents)
    with refusing(plan_starts_once=PlanOverlapError(code, valid_from)):
        plan = Plan.objects.create(
            code=code,
            version=newest.version + 1,
            name=name,
            description=description,
            status=newest.status,
            valid_from=valid_from,
        )
    store_parts(plan, tuple(items), parts, contained)
    emit(PlanPublished(code=code, version=plan.version, valid_from=valid_from), actor=actor, at=at)
    return plan


@transaction.atomic
def activate_plan(*, code: str, actor: Actor, at: datetime) -> None:
    """Begin to sell a draft.

    Raises:
        UnknownPlanError: there is no such plan.
        PlanStatusError: it is no draft.
    """
    _becomes(code, "active", earlier=("draft",))
    emit(PlanActivated(code=code), actor=actor, at=at)


@transaction.atomic
def retire_plan(*, code: str, actor: Actor, at: datetime) -> None:
    """Take every version of a plan out of sale; what is ordered is billed on.

    Raises:
        UnknownPlanError: there is no such plan.
        PlanStatusError: it is retired.
    """
    _becomes(code, "retired", earlier=("draft", "active"))
    emit(PlanRetired(code=code), actor=actor, at=at)


def _locked(code: str) -> Plan:
    """Return the newest version of a plan; its first version stays locked, under which the others are numbered."""
    first = Plan.objects.select_for_update().filter(code=code, version=1).first()
    if first is None:
        raise UnknownPlanError(code)
    return Plan.objects.filter(code=code).order_by("-version")[0]


def _becomes(code: str, status: str, *, earlier: tuple[str, ...]) -> None:
    newest = _locked(code)
    if newest.status not in earlier:
        raise PlanStatusError(code, newest.status, status)
    Plan.objects.filter(code=code).update(status=status)


def _contained(code: str, contents: tuple[NewContent, ...]) -> dict[str, Plan]:
    """Return the newest version of each plan that a plan is to contain."""
    wanted = [content.plan for content in contents]
    newest = Plan.objects.filter(code__in=wanted).order_by("code", "-version").distinct("code")
    found = {plan.code: plan for plan in newest}
    for contained in wanted:
        if contained not in found and contained != code:
            raise UnknownPlanError(contained)
        if contained == code or code in contained_codes(found[contained]):
            raise PlanCircleError(code, contained)
    return found
