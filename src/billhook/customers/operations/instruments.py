"""Cards and accounts of a customer: added, put in another order, verified and removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.customers import forms
from billhook.customers.events import InstrumentAdded, InstrumentMoved, InstrumentRemoved, InstrumentVerified
from billhook.customers.locks import locked, locked_open
from billhook.customers.models import AccountType, Customer, PaymentInstrument
from billhook.customers.models.instrument import METHODS
from billhook.customers.numbers_kept_out import holds_card_number, holds_iban
from billhook.customers.refusals import MalformedError
from billhook.foundation.events import Actor, emit


class CardNumberError(Refusal):
    """Raised when a card number is about to be stored; the number is not repeated."""

    def __init__(self, where: str) -> None:
        super().__init__(f"The {where} looks like a card number, which is never stored: give the gateway's token.")


class AccountNumberError(Refusal):
    """Raised when an IBAN is about to be stored; the number is not repeated."""

    def __init__(self, where: str) -> None:
        super().__init__(f"The {where} looks like an IBAN, which is never stored: give the gateway's token.")


class InstrumentExistsError(Refusal):
    """Raised when a customer has a token already; the token is not repeated."""

    def __init__(self, number: str) -> None:
        super().__init__(f"Customer {number} has this payment instrument already: move it instead.")


class MethodNotAllowedError(Refusal):
    """Raised when customers of a kind may not pay by a method."""

    def __init__(self, method: str, code: str, allowed: Sequence[str]) -> None:
        super().__init__(
            f"Customers of the account type {code} may not pay by {method}: choose one of {', '.join(allowed)}."
        )


class InstrumentRemovedError(Refusal):
    """Raised when something is to happen to an instrument that was removed."""

    def __init__(self, label: str) -> None:
        super().__init__(f"{label} was removed: add it anew.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstrument:
    """A token that a gateway gave for a card or account, and what people may see of it.

    Args:
        token: the gateway's, never a card or account number.
        label: what people see, such as Visa •4242.
        method: card, ach, sepa, bank or manual.
        holder: whose it is.
        expiry_year: of a card, four digits, together with the month.
        expiry_month: the last month in which it can be used, 1 to 12.
        mandate_reference: of a direct debit.
        mandate_on: when the mandate was signed.
    """

    token: str
    label: str
    method: str = "card"
    holder: str = ""
    expiry_year: int | None = None
    expiry_month: int | None = None
    mandate_reference: str = ""
    mandate_on: date | None = None

    def check(self) -> None:
        """Refuse numbers that must not be stored, and what contradicts itself.

        Raises:
            CardNumberError: a text looks like a card number.
            AccountNumberError: a text looks like an IBAN.
            MalformedError: something is missing or not of its form.
        """
        for where, text, size in (
            ("token", self.token, 200),
            ("label", self.label, 80),
            ("holder", self.holder, 200),
            ("mandate reference", self.mandate_reference, 70),
        ):
            if holds_card_number(text):
                raise CardNumberError(where)
            if holds_iban(text):
                raise AccountNumberError(where)
            forms.fits(text, where, size)
        forms.filled(self.token, "token", 200)
        forms.filled(self.label, "label", 80)
        forms.one_of(self.method, "payment method", METHODS)
        self._check_dates()

    def _check_dates(self) -> None:
        """Refuse half an expiry, an expiry of what has none, and half a mandate."""
        if (self.expiry_year is None) != (self.expiry_month is None):
            raise MalformedError("The expiry has a month or a year alone: give both.")
        if self.expiry_year is not None and self.method != "card":
            raise MalformedError("Only a card expires: leave the expiry out.")
        if not 2000 <= (self.expiry_year or 2000) <= 2199 or not 1 <= (self.expiry_month or 1) <= 12:  # noqa: PLR2004
            raise MalformedError("The expiry is no month of this or the next century: give it such as 2027 and 9.")
        if bool(self.mandate_reference) != (self.mandate_on is not None):
            raise MalformedError("The mandate has a reference or a date alone: give both.")


def require_allowed(kind: AccountType, method: str) -> None:
    """Refuse a method by which customers of a kind may not pay.

    Raises:
        MethodNotAllowedError: the account type does not allow it.
    """
    if kind.methods and method not in kind.methods:
        raise MethodNotAllowedError(method, kind.code, kind.methods)


def _put_in_order(instruments: Sequence[PaymentInstrument]) -> None:
    """Number instruments from 1 on in the order given."""
    for position, instrument in enumerate(instruments, start=1):
        instrument.position = position
    PaymentInstrument.objects.bulk_update(instruments, ["position"])


@transaction.atomic
def add_instrument(*, customer: Customer, new: NewInstrument, actor: Actor, at: datetime) -> PaymentInstrument:
    """Store a payment token as the customer's first choice; the ones it has move back a place.

    One that was removed is taken up again.

    Raises:
        CardNumberError: a text looks like a card number.
        AccountNumberError: a text looks like an IBAN.
        MethodNotAllowedError: the account type does not allow the method.
        InstrumentExistsError: the customer has the token already.
        CustomerClosedError: the customer is closed.
        MalformedError: something is missing or not of its form.
    """
    new.check()
    fresh = locked_open(customer)
    # The kind's row keeps somebody waiting who takes the method from it at this moment.
    kind = AccountType.objects.select_for_update(no_key=True).get(pk=fresh.account_type_id)
    require_allowed(kind, new.method)
    found = PaymentInstrument.objects.filter(customer=fresh, token=new.token.strip()).first()
    if found is not None and found.status == "active":
        raise InstrumentExistsError(fresh.number)
    added = found or PaymentInstrument(customer=fresh, token=new.token.strip())
    added.method, added.label, added.holder = new.method, new.label.strip(), new.holder.strip()
    added.expiry_year, added.expiry_month = new.expiry_year, new.expiry_month
    added.mandate_reference, added.mandate_on = new.mandate_reference.strip(), new.mandate_on
    added.status, added.added_at, added.verified_at = "active", at, None
    others = list(PaymentInstrument.objects.filter(customer=fresh, status="active"))
    added.save()
    _put_in_order([added, *others])
    emit(InstrumentAdded(customer=fresh.number, label=added.label, method=new.method), actor=actor, at=at)
    return added


@transaction.atomic
def move_instrument(*, instrument: PaymentInstrument, position: int, actor: Actor, at: datetime) -> None:
    """Let an instrument be tried as the n-th, counted from 1; a position beyond the last one is the last.

    Raises:
        InstrumentRemovedError: it was removed.
        MalformedError: the position is below 1.
    """
    fresh, row, others = _among_others(instrument)
    if position < 1:
        raise MalformedError(f"There is no position {position}: count from 1.")
    others.insert(position - 1, row)
    _put_in_order(others)
    emit(InstrumentMoved(customer=fresh.number, label=row.label, position=row.position), actor=actor, at=at)


@transaction.atomic
def verify_instrument(*, instrument: PaymentInstrument, actor: Actor, at: datetime) -> None:
    """Keep the instant at which a gateway or the customer confirmed an instrument.

    Raises:
        InstrumentRemovedError: it was removed.
    """
    fresh, row, _ = _among_others(instrument)
    row.verified_at = at
    row.save(update_fields=["verified_at"])
    emit(InstrumentVerified(customer=fresh.number, label=row.label), actor=actor, at=at)


@transaction.atomic
def remove_instrument(*, instrument: PaymentInstrument, actor: Actor, at: datetime) -> None:
    """Use an instrument for payments no longer; it is kept, and the ones behind it move up.

    Raises:
        InstrumentRemovedError: it was removed already.
    """
    fresh, row, others = _among_others(instrument)
    row.status = "removed"
    row.save(update_fields=["status"])
    _put_in_order(others)
    emit(InstrumentRemoved(customer=fresh.number, label=row.label), actor=actor, at=at)


def _among_others(instrument: PaymentInstrument) -> tuple[Customer, PaymentInstrument, list[PaymentInstrument]]:
    """Return an active instrument, its customer locked, and the other active ones in their order."""
    fresh = locked(instrument.customer)
    rows = list(PaymentInstrument.objects.filter(customer=fresh, status="active"))
    row = next((one for one in rows if one.pk == instrument.pk), None)
    if row is None:
        raise InstrumentRemovedError(instrument.label)
    return fresh, row, [one for one in rows if one.pk != row.pk]
