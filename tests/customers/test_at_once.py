"""Two who ask at once never both get what only one can have."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from tests.builders import FIRST_DAY
from tests.customers.joining import BY, join, open_company, put

from billhook.core.errors import Refusal
from billhook.customers.hierarchy import ancestors
from billhook.customers.models import Address, Customer, PaymentInstrument, TaxId
from billhook.customers.operations.account_types import (
    AccountTypeChange,
    MethodInUseError,
    create_account_type,
    update_account_type,
)
from billhook.customers.operations.addresses import NewAddress, add_address
from billhook.customers.operations.close import CustomerNeededError, close_customer
from billhook.customers.operations.instruments import (
    InstrumentExistsError,
    MethodNotAllowedError,
    NewInstrument,
    add_instrument,
)
from billhook.customers.operations.merge import MergeError, merge_customers
from billhook.customers.operations.parent import ParentCycleError, ParentNotOpenError
from billhook.customers.operations.tax_ids import NewTaxId, TaxIdExistsError, add_tax_id
from billhook.customers.queries import addresses, by_number
from billhook.customers.refusals import (
    CustomerExistsError,
    CustomerMergedError,
    ExternalKeyTakenError,
    OverlapError,
)
from billhook.foundation.scope import company_scope

ROUNDS = 3


@pytest.fixture
def company(committed):
    return open_company()


def both_at_once(company, *works):
    """Do pieces of work in a thread and a transaction each; each waits for the others before its transaction ends.

    Returns what each was refused, None for one that went through.
    """
    barrier, refused = threading.Barrier(len(works)), [None] * len(works)

    def run(place, work):
        try:
            with company_scope(company):
                Customer.objects.exists()  # the transaction has begun
                barrier.wait(timeout=30)
                work()
        except Refusal as refusal:
            refused[place] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    return refused


def kinds(refused):
    """Return the kinds of refusal, one name for each that was refused."""
    return sorted(type(one).__name__ for one in refused if one is not None)


@pytest.mark.parametrize("attempt", range(ROUNDS))
def test_two_who_put_each_other_below_close_no_circle(company, attempt):
    with company_scope(company):
        one, two, three = (join(letter) for letter in "abc")
        put(three, two)
    refused = both_at_once(company, lambda: put(one, three), lambda: put(two, one))
    assert kinds(refused) == [ParentCycleError.__name__]
    with company_scope(company):
        assert all(len(ancestors(customer)) <= 2 for customer in Customer.objects.all())


def test_three_who_put_each_other_below_close_no_circle(company):
    with company_scope(company):
        one, two, three = (join(letter) for letter in "abc")
    refused = both_at_once(company, lambda: put(one, two), lambda: put(two, three), lambda: put(three, one))
    assert kinds(refused) == [ParentCycleError.__name__]


def test_nobody_is_put_under_one_who_is_closed_at_that_moment(company):
    with company_scope(company):
        top, child = join("1"), join("2")
    refused = both_at_once(company, lambda: put(child, top), lambda: close_customer(customer=top, **BY))
    assert kinds(refused) in ([CustomerNeededError.__name__], [ParentNotOpenError.__name__])


def test_two_are_not_merged_into_each_other(company):
    with company_scope(company):
        one, two = join("1"), join("2")
    refused = both_at_once(
        company,
        lambda: merge_customers(kept=one, gone=two, **BY),
        lambda: merge_customers(kept=two, gone=one, **BY),
    )
    assert kinds(refused) in ([CustomerMergedError.__name__], [MergeError.__name__])
    with company_scope(company):
        assert Customer.objects.filter(status="merged").count() == 1


def test_two_addresses_added_at_once_do_not_overlap(company):
    with company_scope(company):
        customer = join()

    def add(days):
        start = FIRST_DAY + timedelta(days)
        new = NewAddress(lines=f"Quay {days}", country="NL", valid_from=start)
        add_address(customer=customer, new=new, **BY)

    refused = both_at_once(company, lambda: add(0), lambda: add(5), lambda: add(9))
    assert kinds(refused) == [OverlapError.__name__] * 2
    with company_scope(company):
        assert len(addresses(customer)) == Address.objects.count() == 1


def test_an_external_key_goes_to_one_of_two(company):
    refused = both_at_once(company, lambda: join("1", external_key="crm-1"), lambda: join("2", external_key="crm-1"))
    assert kinds(refused) == [ExternalKeyTakenError.__name__]
    with company_scope(company):
        assert Customer.objects.get().external_key == "crm-1"


def test_a_number_goes_to_one_of_two(company):
    refused = both_at_once(company, lambda: join("1"), lambda: join("1"))
    assert kinds(refused) == [CustomerExistsError.__name__]


def test_a_token_and_a_tax_id_are_stored_once(company):
    with company_scope(company):
        customer = join()

    def add():
        add_instrument(customer=customer, new=NewInstrument(token="tok_a", label="Visa"), **BY)

    def identify():
        add_tax_id(customer=customer, new=NewTaxId(scheme="us_ein", number="911144442"), **BY)

    assert kinds(both_at_once(company, add, add)) == [InstrumentExistsError.__name__]
    assert kinds(both_at_once(company, identify, identify)) == [TaxIdExistsError.__name__]
    with company_scope(company):
        assert (PaymentInstrument.objects.count(), TaxId.objects.count()) == (1, 1)


def test_a_method_is_not_barred_while_somebody_takes_it(company):
    with company_scope(company):
        create_account_type(code="open", name="Open", **BY)
        customer = join(account_type="open")

    def take():
        add_instrument(customer=customer, new=NewInstrument(token="tok_a", label="Visa"), **BY)

    def bar():
        update_account_type(code="open", change=AccountTypeChange(methods=["sepa"]), **BY)

    assert kinds(both_at_once(company, take, bar)) in ([MethodInUseError.__name__], [MethodNotAllowedError.__name__])
    with company_scope(company):
        assert by_number("1001").status == "active"
