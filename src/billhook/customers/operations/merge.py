"""Two customers turn out to be one."""

from datetime import datetime

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.customers.events import CustomerMerged
from billhook.customers.hierarchy import levels_below, stands_under
from billhook.customers.locks import lock_tree, locked_open
from billhook.customers.models import Contact, Customer, CycleChange, Note, PaymentInstrument, TaxId
from billhook.customers.numbering import next_number
from billhook.customers.operations.instruments import require_allowed
from billhook.customers.operations.parent import possible_parent
from billhook.customers.operations.tax_ids import show_vat_id
from billhook.foundation.events import Actor, emit

TERMS = ("credit_limit", "recharge_threshold", "recharge_amount", "recharge_monthly_cap")


class MergeError(Refusal):
    """Raised when two customers cannot become one as they are; the message says what stands against it."""


def _require_alike(kept: Customer, gone: Customer) -> None:
    """Refuse two customers of whom one would lose what was agreed with the other."""
    if kept.pk == gone.pk:
        raise MergeError(f"Customer {kept.number} cannot be merged into itself: choose another one.")
    if kept.currency != gone.currency:
        raise MergeError(
            f"Customer {kept.number} is billed in {kept.currency}, {gone.number} in {gone.currency}: both have to be"
            " in one currency first."
        )
    if any(getattr(kept, name) != getattr(gone, name) for name in TERMS):
        raise MergeError(
            f"Customers {kept.number} and {gone.number} have different credit limits or auto-recharges: give both the"
            " same first."
        )
    if stands_under(kept, gone):
        raise MergeError(f"Customer {kept.number} stands under {gone.number}: put it elsewhere first.")
    if CycleChange.objects.filter(customer=gone, status="planned").exists():
        raise MergeError(f"Another billing cycle is planned for {gone.number}: withdraw it first.")


@transaction.atomic
def merge_customers(*, kept: Customer, gone: Customer, actor: Actor, at: datetime) -> Customer:
    """Let one customer stay in the place of two.

    Contacts, payment instruments, notes, tax ids and children of `gone` become those of `kept`, behind its own; what
    both have stays with `gone`, as do its addresses and exemptions. `gone` is found by its number still, and points
    to `kept`. Orders, balances and documents are of other rooms, which react to the event.

    Raises:
        MergeError: they differ in currency, credit limit or auto-recharge, are the same, `kept` stands under `gone`,
            or a cycle change is planned for `gone`.
        MethodNotAllowedError: the account type of `kept` does not allow a method of `gone`.
        CustomerClosedError: one of them is closed.
        CustomerMergedError: one of them was merged before.
        TooDeepError: the tree would have more than 20 levels.
    """
    lock_tree()
    rows = {one.pk: locked_open(one) for one in sorted((kept, gone), key=lambda one: one.pk)}
    stays, goes = rows[kept.pk], rows[gone.pk]
    _require_alike(stays, goes)
    _move_children(stays, goes)
    _move_instruments(stays, goes)
    _move_numbered(stays, goes)
    _move_tax_ids(stays, goes)
    goes.status, goes.merged_into = "merged", stays
    goes.save(update_fields=["status", "merged_into"])
    emit(CustomerMerged(customer=goes.number, kept=stays.number), actor=actor, at=at)
    return stays


def _move_children(kept: Customer, gone: Customer) -> None:
    """Put the children of one customer under the other."""
    levels = levels_below(gone)
    if levels:
        possible_parent(kept, levels=levels)
        Customer.objects.filter(parent=gone).update(parent=kept)


def _move_instruments(kept: Customer, gone: Customer) -> None:
    """Put instruments behind those of the one who stays, except for tokens that both have."""
    tokens = PaymentInstrument.objects.filter(customer=kept).values("token")
    last = PaymentInstrument.objects.filter(customer=kept, status="active").count()
    for instrument in PaymentInstrument.objects.filter(customer=gone).exclude(token__in=tokens):
        if instrument.status == "active":
            require_allowed(kept.account_type, instrument.method)
            last += 1
            instrument.position = last
        instrument.customer = kept
        instrument.save(update_fields=["customer", "position"])


def _move_numbered(kept: Customer, gone: Customer) -> None:
    """Put contacts and notes behind those of the one who stays."""
    contacts, notes = Contact.objects.filter(customer=gone), Note.objects.filter(customer=gone).order_by("number")
    for position, contact in enumerate(contacts, start=next_number(Contact.objects.filter(customer=kept), "position")):
        contact.customer, contact.position = kept, position
        contact.save(update_fields=["customer", "position"])
    for number, note in enumerate(notes, start=next_number(Note.objects.filter(customer=kept))):
        note.customer, note.number = kept, number
        note.save(update_fields=["customer", "number"])


def _move_tax_ids(kept: Customer, gone: Customer) -> None:
    """Put tax ids behind those of the one who stays, except for numbers that both have."""
    known = set(TaxId.objects.filter(customer=kept).values_list("scheme", "number"))
    moving = [one for one in TaxId.objects.filter(customer=gone) if (one.scheme, one.number) not in known]
    for position, tax_id in enumerate(moving, start=next_number(TaxId.objects.filter(customer=kept), "position")):
        tax_id.customer, tax_id.position = kept, position
        tax_id.save(update_fields=["customer", "position"])
    show_vat_id(kept)
