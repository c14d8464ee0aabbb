"""What was agreed: orders from plans, identifiers that mean one line, standing still, single charges."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from tests.builders import (
    CLERK,
    FIRST_DAY,
    OPENED,
    OPENING,
    make_catalog,
    make_company,
    sign_up_customer,
    sign_up_request,
)

from billhook.catalog.models import Plan, Price, Product, RateCard
from billhook.catalog.operations.prices import RATE_CARD, publish_price
from billhook.catalog.operations.rates import import_rate_card
from billhook.catalog.queries import NoPriceError, UnknownPlanError
from billhook.core.states import TransitionError
from billhook.customers.models import Customer, PaymentInstrument
from billhook.customers.operations.account_types import create_account_type
from billhook.customers.queries import by_number
from billhook.customers.refusals import CustomerExistsError
from billhook.foundation.digest import digest
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope
from billhook.orders.identifiers import IdentifierTakenError
from billhook.orders.models import Order, OrderLineVersion, UsageIdentifier
from billhook.orders.operations.charge import add_charge
from billhook.orders.operations.place import place_order
from billhook.orders.operations.sign_up import preview_sign_up, sign_up
from billhook.orders.operations.suspend import resume_all, resume_order, suspend_all, suspend_order

BY = {"actor": CLERK, "at": OPENING}
LATER = OPENING + timedelta(days=14)


@pytest.fixture(autouse=True)
def company(db):
    company = make_company()
    with company_scope(company):
        make_catalog()
        yield company


def events(name):
    return list(EventRecord.objects.filter(name=name).order_by("id"))


def place(customer, *, at=OPENING, starts_on=FIRST_DAY, identifiers=()):
    plan = Plan.objects.get(code="voice")
    return place_order(customer=customer, plan=plan, starts_on=starts_on, identifiers=identifiers, actor=CLERK, at=at)


def test_signing_up_makes_customer_card_and_order_with_the_first_bill():
    signed = sign_up_customer("1001")
    assert signed.customer.number == "1001"
    assert [card.token for card in PaymentInstrument.objects.all()] == ["tok_visa"]
    assert (signed.order.number, signed.order.status, signed.order.starts_on) == ("O-000001", "active", FIRST_DAY)
    lines = [(line.position, line.product.code, line.kind, line.timing) for line in signed.order.lines.all()]
    assert lines == [(1, "voice-line", "recurring", "in_advance"), (2, "calls", "usage", "in_arrears")]
    assert str(signed.first_bill.total.amount) == "20.00"
    assert signed.first_bill.lines[0].period.start == FIRST_DAY
    (record,) = events("customer.signed_up")
    assert record.data | {"customer": "1001"} == {
        "customer": "1001", "order": "O-000001", "what": "VoIP", "first_bill": "20.00", "currency": "EUR",
    }  # fmt: skip
    identifier = UsageIdentifier.objects.get()
    assert (identifier.value, identifier.line.position, identifier.valid_from) == ("KN1001", 2, OPENING)


def test_signing_up_without_a_card_is_possible():
    sign_up_customer("1001", token="")
    assert not PaymentInstrument.objects.exists()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"number": "1001"}, CustomerExistsError),
        ({"identifiers": ("KN1002", "KN1001")}, IdentifierTakenError),
        ({"identifiers": ("KN1002", "KN1002")}, IdentifierTakenError),
        ({"plan": "gold"}, UnknownPlanError),
        ({"first_day": OPENED - timedelta(days=1)}, NoPriceError),
        ({"account_type": "dollars"}, NoPriceError),
    ],
)
def test_a_sign_up_happens_whole_or_not_at_all(company, given, error):
    create_account_type(code="dollars", name="Dollars", currency="USD", **BY)
    sign_up_customer("1001")
    before = digest(company)
    with pytest.raises(error):
        sign_up(request=sign_up_request(**{"number": "1002", **given}), **BY)
    assert digest(company) == before


def test_a_preview_is_the_first_bill_and_leaves_nothing(company):
    before = digest(company)
    with connection.cursor() as cursor:
        previewed = preview_sign_up(request=sign_up_request("1001"), **BY)
        cursor.execute("select count(*) from procrastinate_jobs")
        assert cursor.fetchone() == (0,)
    assert digest(company) == before
    assert not Customer.objects.exists()
    assert previewed == sign_up_customer("1001").first_bill


def test_a_preview_refuses_what_the_sign_up_would_refuse(company):
    sign_up_customer("1001")
    before = digest(company)
    with pytest.raises(CustomerExistsError):
        preview_sign_up(request=sign_up_request("1001"), **BY)
    assert digest(company) == before


def test_an_order_takes_the_prices_in_force_on_its_first_day():
    line = Product.objects.get(code="voice-line")
    publish_price(product=line, model="flat", parameters={"amount": "25.00"}, valid_from=date(2026, 4, 1), **BY)
    customer = sign_up_customer("1001").customer
    later = place(customer, starts_on=date(2026, 4, 1))
    versions = OrderLineVersion.objects.filter(line__product=line).order_by("id")
    assert [version.price.parameters["amount"] for version in versions] == ["20.00", "25.00"]
    assert later.number == "O-000002"
    assert events("order.placed")[1].data["starts_on"] == "2026-04-01"


def test_an_identifier_means_one_line_and_its_owner_is_named():
    sign_up_customer("1001")
    second = sign_up_customer("1002").customer
    with pytest.raises(IdentifierTakenError, match="The identifier KN1001 belongs to order O-000001: end it there"):
        place(second, identifiers=("KN1001",))
    assert Order.objects.count() == 2


def test_an_identifier_is_free_from_its_end_on_and_not_before():
    sign_up_customer("1001")
    second = sign_up_customer("1002").customer
    UsageIdentifier.objects.filter(value="KN1001").update(valid_until=LATER)
    with pytest.raises(IdentifierTakenError):
        place(second, identifiers=("KN1001",), at=LATER - timedelta(microseconds=1))
    place(second, identifiers=("KN1001",), at=LATER)
    found = UsageIdentifier.objects.filter(value="KN1001").order_by("valid_from")
    assert [one.line.order.customer.number for one in found] == ["1001", "1002"]


def test_an_identifier_that_begins_later_is_taken_too():
    sign_up_customer("1001", at=LATER)
    second = sign_up_customer("1002").customer
    with pytest.raises(IdentifierTakenError):
        place(second, identifiers=("KN1001",), at=OPENING)


def test_another_companys_identifiers_do_not_matter():
    sign_up_customer("1001")
    with company_scope(make_company("merlin")):
        make_catalog()
        assert sign_up_customer("1001").order.number == "O-000001"


def test_an_order_stands_still_and_runs_again():
    order = sign_up_customer("1001").order
    suspend_order(order=order, reason="late", actor=CLERK, at=LATER)
    order.refresh_from_db()
    assert (order.status, order.suspended_on) == ("suspended", date(2026, 3, 15))
    resume_order(order=order, reason="paid", actor=CLERK, at=LATER)
    order.refresh_from_db()
    assert (order.status, order.suspended_on) == ("active", None)
    assert [events(name)[0].data["reason"] for name in ("order.suspended", "order.resumed")] == ["late", "paid"]


def test_the_day_of_standing_still_is_the_customers():
    order = sign_up_customer("1001", zone="America/New_York").order
    suspend_order(order=order, reason="late", actor=CLERK, at=datetime(2026, 3, 16, 2, tzinfo=OPENING.tzinfo))
    assert order.suspended_on == date(2026, 3, 15)


@pytest.mark.parametrize("status", ["suspended", "ended", "cancelled"])
def test_only_an_active_order_is_suspended(status):
    order = sign_up_customer("1001").order
    Order.objects.update(status=status)
    with pytest.raises(TransitionError, match=f"The order is {status} and cannot become suspended"):
        suspend_order(order=order, reason="late", **BY)
    assert not events("order.suspended")


@pytest.mark.parametrize("status", ["active", "ended", "cancelled"])
def test_only_a_suspended_order_is_resumed(status):
    order = sign_up_customer("1001").order
    Order.objects.update(status=status)
    with pytest.raises(TransitionError):
        resume_order(order=order, reason="paid", **BY)
    assert not events("order.resumed")


def test_suspending_a_customer_takes_every_running_order_and_no_single_charge():
    customer = sign_up_customer("1001").customer
    place(customer)
    add_charge(
        customer=customer, product=Product.objects.get(code="late-fee"), amount=Decimal(5), description="Fee", **BY
    )
    assert suspend_all(customer=customer, reason="late", **BY) == 2
    assert suspend_all(customer=customer, reason="late", **BY) == 0
    assert by_number("1001").status == "suspended"
    assert sorted(Order.objects.values_list("status", flat=True)) == ["ended", "suspended", "suspended"]
    assert resume_all(customer=customer, reason="paid", **BY) == 2
    assert resume_all(customer=customer, reason="paid", **BY) == 0
    assert by_number("1001").status == "active"
    assert len(events("customer.suspended")) == len(events("customer.restored")) == 1


def test_a_charge_is_an_order_that_has_ended_and_a_price_of_its_own():
    customer = sign_up_customer("1001").customer
    fee = Product.objects.get(code="late-fee")
    order = add_charge(customer=customer, product=fee, amount=Decimal("5.00"), description="Late fee", **BY)
    version = OrderLineVersion.objects.get(line__order=order)
    assert (order.status, order.starts_on, order.ends_on) == ("ended", FIRST_DAY, FIRST_DAY)
    assert (version.price, version.own_price) == (None, {"model": "flat", "parameters": {"amount": "5.00"}})
    assert version.line.kind == "penalty"
    assert events("order.charge_added")[0].data["amount"] == "5.00"


def test_a_version_has_exactly_one_price():
    order = sign_up_customer("1001").order
    for change in ({"price": None}, {"own_price": {"model": "flat", "parameters": {"amount": "1"}}}):
        with pytest.raises(IntegrityError, match="order_line_version_one_price"), transaction.atomic():
            OrderLineVersion.objects.filter(line__order=order).update(**change)


def test_a_price_that_an_order_stands_on_is_kept():
    sign_up_customer("1001")
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
            cursor.execute("delete from catalog_ratecard")
    assert RateCard.objects.count() == 1
    assert Price.objects.count() == 3


def test_a_second_card_may_price_a_new_product():
    card = import_rate_card(code="cheap", name="Cheap", rates=[], **BY)
    price = publish_price(
        product=Product.objects.get(code="calls"), model=RATE_CARD, parameters={}, rate_card=card,
        valid_from=date(2026, 4, 1), **BY,
    )  # fmt: skip
    sign_up_customer("1001", first_day=date(2026, 4, 1))
    assert OrderLineVersion.objects.get(line__product__code="calls").price == price
