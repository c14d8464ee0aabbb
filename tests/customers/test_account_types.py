"""Kinds of customer: what their customers begin with, and what they may pay by."""

from decimal import Decimal

import pytest
from tests.customers.joining import BY, events, join

from billhook.core.cadence import CadenceError
from billhook.core.money import UnknownCurrencyError
from billhook.customers.models import AccountType
from billhook.customers.operations.account_types import (
    AccountTypeChange,
    MethodInUseError,
    OtherCurrencyError,
    assign_account_type,
    create_account_type,
    update_account_type,
)
from billhook.customers.operations.instruments import (
    MethodNotAllowedError,
    NewInstrument,
    add_instrument,
    remove_instrument,
)
from billhook.customers.queries import account_types, by_number
from billhook.customers.refusals import MalformedError, UnknownAccountTypeError

pytestmark = pytest.mark.usefixtures("company")

RESELLER = AccountTypeChange(
    credit_limit=Decimal("500.00"),
    invoiced_separately=False,
    delivery="post",
    methods=("sepa", "card"),
    language="nl",
    due_days=45,
)


def make_reseller(**given):
    return create_account_type(code="reseller", name="Reseller", defaults=RESELLER, **BY, **given)


def change(code="business", **given):
    return update_account_type(code=code, change=AccountTypeChange(**given), **BY)


def test_customers_begin_with_the_terms_of_their_kind():
    assert make_reseller().methods == ["card", "sepa"]
    customer = join(account_type="reseller")
    customer.refresh_from_db()
    assert (customer.credit_limit, customer.invoiced_separately) == (Decimal(500), False)
    assert (customer.delivery, customer.language, customer.due_days) == ("post", "nl", 45)
    assert [kind.code for kind in account_types()] == ["business", "reseller"]


def test_what_a_customer_gives_wins_over_its_kind():
    make_reseller()
    customer = join(
        account_type="reseller", credit_limit=Decimal(0), invoiced_separately=True, delivery="portal", due_days=0
    )
    assert (customer.credit_limit, customer.invoiced_separately) == (Decimal(0), True)
    assert (customer.delivery, customer.due_days) == ("portal", 0)


def test_a_change_is_told_with_before_and_after_and_leaves_customers_as_they_are():
    customer = join()
    change(due_days=None, methods=["sepa"], cycle_count=3)
    customer.refresh_from_db()
    assert (customer.due_days, customer.cycle_count) == (21, 1)
    (told,) = events("account_type.changed")
    assert told["before"] == {"cycle_count": "1", "due_days": "21", "methods": ""}
    assert told["after"] == {"cycle_count": "3", "due_days": "", "methods": "sepa"}


def test_a_change_that_changes_nothing_does_not_happen():
    change(name="Business")
    assert not events("account_type.changed")


@pytest.mark.parametrize(
    ("given", "refusal", "sentence"),
    [
        ({"name": "  "}, MalformedError, "The name is empty: fill it in"),
        ({"currency": "XYZ"}, UnknownCurrencyError, "XYZ"),
        ({"language": "Dutch!"}, MalformedError, "is no language"),
        ({"cycle_unit": "fortnight"}, MalformedError, "'fortnight' is no unit of a cycle: choose one of day, week"),
        ({"cycle_count": 0}, CadenceError, "never recurs"),
        ({"credit_limit": Decimal("1.001")}, MalformedError, "give no more than 2 decimals"),
        ({"credit_limit": Decimal(-1)}, MalformedError, "give an amount from 0"),
        ({"delivery": "pigeon"}, MalformedError, "choose one of email, portal, post"),
        ({"methods": ["cash"]}, MalformedError, "'cash' is no payment method"),
    ],
)
def test_terms_that_are_not_of_their_form_are_refused(given, refusal, sentence):
    with pytest.raises(refusal, match=sentence):
        change(**given)
    assert AccountType.objects.get().due_days == 21


def test_an_unknown_kind_is_named():
    with pytest.raises(UnknownAccountTypeError, match="There is no account type gold"):
        change("gold", due_days=1)
    with pytest.raises(UnknownAccountTypeError, match="gold"):
        assign_account_type(customer=join(), code="gold", **BY)


def test_a_method_that_is_in_use_stays_allowed():
    card = add_instrument(customer=join(), new=NewInstrument(token="tok_a", label="Visa"), **BY)
    with pytest.raises(MethodInUseError, match="would not allow card, but 1 payment instruments in use"):
        change(methods=["sepa"])
    remove_instrument(instrument=card, **BY)
    change(methods=["sepa"])
    with pytest.raises(MethodNotAllowedError, match="may not pay by card: choose one of sepa"):
        add_instrument(customer=by_number("1001"), new=NewInstrument(token="tok_b", label="Visa"), **BY)


def test_a_customer_becomes_one_of_another_kind_and_keeps_its_terms():
    make_reseller()
    customer = assign_account_type(customer=join(), code="reseller", **BY)
    customer.refresh_from_db()
    assert (customer.account_type.code, customer.credit_limit, customer.due_days) == ("reseller", None, 21)
    (told,) = events("customer.account_type_assigned")
    assert (told["earlier"], told["account_type"]) == ("business", "reseller")
    assign_account_type(customer=customer, code="reseller", **BY)
    assert len(events("customer.account_type_assigned")) == 1


def test_a_customer_may_take_over_the_terms_of_the_other_kind():
    make_reseller()
    customer = assign_account_type(customer=join(), code="reseller", with_defaults=True, **BY)
    customer.refresh_from_db()
    assert (customer.credit_limit, customer.due_days, customer.delivery) == (Decimal(500), 45, "post")
    assert (customer.invoiced_separately, customer.language, customer.currency) == (False, "en", "EUR")


def test_a_credit_limit_of_another_currency_is_not_taken_over():
    make_reseller(currency="USD")
    with pytest.raises(OtherCurrencyError, match="reseller is in USD, the customer in EUR"):
        assign_account_type(customer=join(), code="reseller", with_defaults=True, **BY)


def test_a_kind_that_bars_a_method_in_use_is_not_assigned():
    create_account_type(code="debit", name="Debit", defaults=AccountTypeChange(methods=["sepa"]), **BY)
    customer = join()
    add_instrument(customer=customer, new=NewInstrument(token="tok_a", label="Visa"), **BY)
    with pytest.raises(MethodInUseError, match="debit would not allow card"):
        assign_account_type(customer=customer, code="debit", **BY)
