"""Two at once never get what only one can have."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from tests.builders import CLERK, OPENING, make_catalog, make_company, sign_up_customer

from billhook.core.states import TransitionError
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope
from billhook.orders.models import Order, UsageIdentifier
from billhook.orders.operations.place import IdentifierTakenError
from billhook.orders.operations.suspend import suspend_order

AT_ONCE = 6


def all_at_once(work):
    """Run a piece of work in several threads that begin together; each is told its ordinal."""
    barrier = threading.Barrier(AT_ONCE)

    def run(ordinal):
        barrier.wait()
        try:
            work(ordinal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(ordinal,)) for ordinal in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def company(committed):
    company = make_company()
    with company_scope(company):
        make_catalog()
    return company


def test_an_identifier_goes_to_one_of_those_who_ask_at_once(company):
    def sign_up(ordinal):
        at = OPENING + timedelta(microseconds=ordinal)
        with suppress(IdentifierTakenError, IntegrityError), company_scope(company):
            sign_up_customer(str(2000 + ordinal), at=at, identifiers=("shared",))

    all_at_once(sign_up)
    with company_scope(company):
        assert UsageIdentifier.objects.filter(value="shared").count() == 1
        assert Order.objects.count() == 1


def test_an_order_is_suspended_once_however_many_ask(company):
    with company_scope(company):
        order = sign_up_customer("1001").order

    def suspend(ordinal):
        with suppress(TransitionError), company_scope(company):
            suspend_order(order=Order.objects.get(pk=order.pk), reason=str(ordinal), actor=CLERK, at=OPENING)

    all_at_once(suspend)
    with company_scope(company):
        assert EventRecord.objects.filter(name="order.suspended").count() == 1
        assert Order.objects.get().status == "suspended"
