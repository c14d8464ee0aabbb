"""Grouping: one invoice for each order, purchase order, cost centre, child or due terms of a customer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from billhook.core.agreement import AgreedLine, Agreement, ChargeKind
from billhook.core.commitment import Commitment
from billhook.core.credit import Drawn, Grant
from billhook.core.discount import Discount
from billhook.core.document import InvoiceDraft
from billhook.core.draft import bill
from billhook.core.errors import Refusal
from billhook.core.money import Money, sum_money
from billhook.core.standing import pool_of
from billhook.core.usage import UsageCharge, UsageError


class GroupingError(Refusal):
    """A line without references, a commitment or a sum that groups would have to share."""


class GroupBy(StrEnum):
    """What the lines of one invoice have in common."""

    ORDER = "order"
    PURCHASE_ORDER = "purchase_order"
    COST_CENTRE = "cost_centre"
    CHILD = "child"
    DUE_TERMS = "due_terms"


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """To what a line belongs; empty where it belongs to none.

    Args:
        order: the order of the seller.
        purchase_order: the customer's number for it (BT-13).
        cost_centre: where the customer books it (BT-19).
        child: the customer below, who used it.
        due_terms: names the payment terms.
    """

    order: str = ""
    purchase_order: str = ""
    cost_centre: str = ""
    child: str = ""
    due_terms: str = ""

    def key(self, by: Iterable[GroupBy]) -> "References":
        """Return the references by which lines are grouped, the others empty."""
        chosen = set(by)
        return References(
            order=self.order if GroupBy.ORDER in chosen else "",
            purchase_order=self.purchase_order if GroupBy.PURCHASE_ORDER in chosen else "",
            cost_centre=self.cost_centre if GroupBy.COST_CENTRE in chosen else "",
            child=self.child if GroupBy.CHILD in chosen else "",
            due_terms=self.due_terms if GroupBy.DUE_TERMS in chosen else "",
        )

    @property
    def place(self) -> tuple[str, ...]:
        """Return where a group stands among others."""
        return self.order, self.purchase_order, self.cost_centre, self.child, self.due_terms


@dataclass(frozen=True, slots=True)
class Group:
    """What the lines of one invoice have in common, and the agreement that they are."""

    key: References
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class GroupDraft:
    """The bill of one group."""

    key: References
    draft: InvoiceDraft


def partition(agreement: Agreement, references: Mapping[str, References], by: Sequence[GroupBy]) -> tuple[Group, ...]:
    """Return an agreement for each group of lines, in the order of their references; each is billed on its own.

    Every line stands in one of them. A percentage off goes to all; a commitment to the group of its order lines.

    Args:
        agreement: with all lines of a customer.
        references: of each line, by its key.
        by: what counts; nothing, one invoice for all.

    Raises:
        GroupingError: a line has no references, a commitment spans groups, or there are several groups and allowances,
            a fixed discount or prepaid credit that they would share; `bill_groups` lets each take what is left.
    """
    groups = _split(agreement, references, by)
    shared = [item.key for item in agreement.discounts if item.amount is not None]
    shared += [grant.key for grant in agreement.grants]
    if len(groups) > 1 and shared:
        raise GroupingError(f"{shared[0]} is one sum for {len(groups)} invoices; bill the groups one after the other.")
    return groups


def bill_groups(
    agreement: Agreement,
    references: Mapping[str, References],
    by: Sequence[GroupBy],
    usage: Sequence[UsageCharge],
    as_of: date,
) -> tuple[GroupDraft, ...]:
    """Return the bill of each group that has one; fixed discounts and credit go to each in turn, as far as they last.

    Args:
        agreement: with all lines of a customer.
        references: of each line, by its key.
        by: what counts.
        usage: not billed yet.
        as_of: the bill date.

    Raises:
        GroupingError: a line has no references, a commitment spans groups, or groups would share allowances.
        UsageError: usage that no line takes.
    """
    used: dict[str, list[UsageCharge]] = {line.key: [] for line in agreement.lines}
    for item in usage:
        if item.line not in used:
            raise UsageError(f"Usage names the line {item.line}, which {agreement.customer} does not have; guide it.")
        used[item.line].append(item)
    discounts, grants, found = agreement.discounts, agreement.grants, []
    for group in _split(agreement, references, by):
        part = replace(group.agreement, discounts=discounts, grants=grants)
        draft = bill(part, [item for line in part.lines for item in used[line.key]], as_of)
        if draft is not None:
            found.append(GroupDraft(group.key, draft))
            discounts = tuple(left for item in discounts if (left := _discount_left(item, draft)) is not None)
            grants = tuple(_grant_left(grant, draft) for grant in grants)
    return tuple(found)


def _split(agreement: Agreement, references: Mapping[str, References], by: Sequence[GroupBy]) -> tuple[Group, ...]:
    lines: dict[References, list[AgreedLine]] = defaultdict(list)
    for line in agreement.lines:
        if line.key not in references:
            raise GroupingError(f"{line.key} has no references to group it by; pass those of every line.")
        lines[references[line.key].key(by)].append(line)
    if len(lines) <= 1:
        return tuple(Group(key, agreement) for key in lines)
    included = [item.key for item in agreement.allowances] + [item.key for item in agreement.allowances_left]
    if included:
        raise GroupingError(f"{included[0]} is consumed over all usage, but there are {len(lines)} invoices; bill one.")
    _refuse_pools(agreement, lines.values())
    commitments = _commitments(agreement, lines)
    return tuple(
        Group(key, replace(agreement, lines=tuple(lines[key]), commitments=tuple(commitments[key])))
        for key in sorted(lines, key=lambda key: key.place)
    )


def _refuse_pools(agreement: Agreement, groups: Iterable[Sequence[AgreedLine]]) -> None:
    """Refuse a price whose pool is filled by lines of another invoice."""
    filling = [line for line in agreement.lines if line.kind is ChargeKind.RECURRING]
    for lines in groups:
        own = {line.key for line in lines}
        for line in lines:
            pool = pool_of(line.price)
            other = [item.key for item in filling if item.product == pool and item.key not in own]
            if pool is not None and other:
                raise GroupingError(
                    f"{line.key} has a pool that {other[0]} fills on another invoice; group them together."
                )


def _commitments(
    agreement: Agreement, lines: Mapping[References, Sequence[AgreedLine]]
) -> Mapping[References, list[Commitment]]:
    """Return the commitments of each group; one whose order lines have all gone stands in the first."""
    found: dict[References, list[Commitment]] = defaultdict(list)
    for commitment in agreement.commitments:
        groups = [key for key, own in lines.items() if any(commitment.covers(line.group) for line in own)]
        if len(groups) > 1:
            raise GroupingError(f"{commitment.key} counts lines of {len(groups)} invoices; let it name those of one.")
        key = groups[0] if groups else min(lines, key=lambda key: key.place)
        found[key].append(commitment)
    return found


def _discount_left(discount: Discount, draft: InvoiceDraft) -> Discount | None:
    """Return what a bill leaves of a discount; a percentage stays, and a fixed amount that is used up is gone."""
    if discount.amount is None:
        return discount
    taken = [line.amount for line in draft.lines if line.kind is ChargeKind.DISCOUNT and line.line_key == discount.key]
    left = discount.amount + sum_money(taken, draft.currency)
    return replace(discount, amount=left) if left.amount > 0 else None


def _grant_left(grant: Grant, draft: InvoiceDraft) -> Grant:
    drawn: Iterable[Drawn] = (*draft.prepaid, *draft.granted)
    used: Money = sum_money((item.amount for item in drawn if item.key == grant.key), draft.currency)
    return replace(grant, left=grant.left - used)
