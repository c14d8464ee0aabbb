"""What every way of signing up shares: a number where none is given, and a look at what was typed as a card."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction

from billhook.core.draft import InvoiceDraft
from billhook.core.errors import Refusal
from billhook.customers.queries import UnknownCustomerError, by_number
from billhook.foundation.events import Actor
from billhook.foundation.sequences import take_number
from billhook.orders.operations.sign_up import SignUp, preview_sign_up

NUMBERS = "C-{number:06d}"
FARTHEST = timedelta(days=366)
DIGITS = re.compile(r"\d(?:[ .-]?\d){11,18}")


class CardNumberError(Refusal):
    """Raised when something that looks like a card number is given where a gateway's token belongs."""

    def __init__(self) -> None:
        super().__init__(
            "This looks like a card number, which Billhook never takes: "
            "give the number to the payment gateway and send the token that it answers with."
        )


class FarDayError(Refusal):
    """Raised when somebody is to become a customer on a day that lies too far away."""

    def __init__(self, first_day: date, today: date) -> None:
        super().__init__(
            f"The first day {first_day} lies more than {FARTHEST.days} days from today, {today}: choose a nearer one."
        )


def checked(request: SignUp, *, today: date) -> SignUp:
    """Return a sign-up that may be tried, with a customer number from the company's series where none is given.

    Call it in the transaction that signs up, so that a number is taken only by who becomes a customer.

    Raises:
        CardNumberError: the token, or its label, is a card number.
        FarDayError: the first day is more than 366 days away.
    """
    first_day, instrument = request.customer.first_day, request.instrument
    if abs(first_day - today) > FARTHEST:
        raise FarDayError(first_day, today)
    if instrument is not None and (DIGITS.search(instrument.token) or DIGITS.search(instrument.label)):
        raise CardNumberError
    if request.customer.number:
        return request
    return replace(request, customer=replace(request.customer, number=_free_number(first_day.year)))


def previewed(request: SignUp, *, today: date, actor: Actor, at: datetime) -> InvoiceDraft | None:
    """Return the first bill that a sign-up would bring; nothing is left behind, no number of a series either.

    Raises:
        Refusal: the sign-up would be refused.
    """
    with transaction.atomic():
        draft = preview_sign_up(request=checked(request, today=today), actor=actor, at=at)
        transaction.set_rollback(True)
    return draft


def _free_number(year: int) -> str:
    """Return the next number of the series that nobody was given by hand."""
    while True:
        number = take_number("customer", year=year, pattern=NUMBERS)
        try:
            by_number(number)
        except UnknownCustomerError:
            return number
