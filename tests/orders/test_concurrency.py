"""Two at once never get what only one can have."""

import threading
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from tests.builders import CLERK, FIRST_DAY, OPENING, make_catalog, make_company, sign_up_customer

from billhook.core.states import TransitionError
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope
from billhook.orders.identifiers import IdentifierTakenError
from billhook.orders.models import Order, OrderChange, UsageIdentifier
from billhook.orders.new_lines import NewLine
from billhook.orders.operations.cancel import cancel_order
from billhook.orders.operations.change_line import LineTerms, change_line
from billhook.orders.operations.place import ExternalKeyTakenError, OrderTerms, place_order
from billhook.orders.operations.suspend import suspend_order
from billhook.orders.refusals import ContradictingChangeError, OrderIsOverError

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


def test_of_changes_that_contradict_one_another_one_wins_and_the_others_are_told(company):
    with company_scope(company):
        order = sign_up_customer("1001").order
    refused = []

    def change(ordinal):
        try:
            with company_scope(company):
                terms = LineTerms(quantity=Decimal(2 + ordinal))
                by = {"actor": CLERK, "at": OPENING + timedelta(days=10)}
                change_line(order=Order.objects.get(pk=order.pk), position=1, terms=terms, on=FIRST_DAY, **by)
        except ContradictingChangeError as contradiction:
            refused.append(contradiction)

    all_at_once(change)
    assert len(refused) == AT_ONCE - 1
    with company_scope(company):
        assert OrderChange.objects.count() == 1
        assert EventRecord.objects.filter(name="order.line_changed").count() == 1


def test_an_order_is_cancelled_once_however_many_ask(company):
    with company_scope(company):
        order = sign_up_customer("1001").order
    refused = []

    def cancel(ordinal):
        by = {"actor": CLERK, "at": OPENING + timedelta(days=10 + ordinal)}
        try:
            with company_scope(company):
                cancel_order(order=Order.objects.get(pk=order.pk), reason="gone", **by)
        except OrderIsOverError as over:
            refused.append(over)

    all_at_once(cancel)
    assert len(refused) == AT_ONCE - 1
    with company_scope(company):
        assert OrderChange.objects.count() == 1


def test_an_external_key_goes_to_one_of_those_who_ask_at_once(company):
    with company_scope(company):
        customer = sign_up_customer("1001").customer
    refused = []

    def place(ordinal):
        try:
            with company_scope(company):
                lines = [NewLine(product="voice-line")]
                terms = OrderTerms(external_key="crm-1")
                by = {"actor": CLERK, "at": OPENING}
                place_order(customer=customer, starts_on=FIRST_DAY, lines=lines, terms=terms, **by)
        except ExternalKeyTakenError as taken:
            refused.append(taken)

    all_at_once(place)
    assert len(refused) == AT_ONCE - 1
    with company_scope(company):
        assert Order.objects.filter(external_key="crm-1").count() == 1
