"""Customers to test with, made and read in one line."""

from dataclasses import replace

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.builders import CLERK, FIRST_DAY, OPENING, make_company

from billhook.customers.operations.account_types import create_account_type
from billhook.customers.operations.join import NewCustomer, create_customer
from billhook.customers.operations.parent import set_parent
from billhook.foundation.models import EventRecord
from billhook.foundation.scope import company_scope

BY = {"actor": CLERK, "at": OPENING}
NEW = NewCustomer(number="1001", name="Harbour Bakery", account_type="business", first_day=FIRST_DAY)


def open_company(code="kestrel"):
    """Create a company with the account type business."""
    company = make_company(code)
    with company_scope(company):
        create_account_type(code="business", name="Business", due_days=21, **BY)
    return company


def join(number="1001", **changes):
    """Make somebody a customer of the company in scope."""
    return create_customer(new=replace(NEW, number=number, **changes), **BY)


def put(customer, parent):
    """Put a customer under another."""
    return set_parent(customer=customer, parent=parent, **BY)


def chain(*numbers):
    """Make customers of whom each stands under the one before."""
    made = []
    for number in numbers:
        made.append(join(number, parent=made[-1].number if made else ""))
    return made


def events(name):
    """Return what was told of one kind of happening, oldest first."""
    return [record.data for record in EventRecord.objects.filter(name=name).order_by("id")]


def statements(ask):
    """Return how many statements a question takes."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)
