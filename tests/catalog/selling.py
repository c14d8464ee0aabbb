"""What the tests of the catalog make again and again."""

import re
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.builders import CLERK, OPENED, OPENING

from billhook.catalog.operations.discounts import NewDiscount, create_coupon, create_discount
from billhook.catalog.operations.exchange import set_exchange_rate
from billhook.catalog.operations.prices import PriceScope, publish_price
from billhook.catalog.operations.products import create_product
from billhook.catalog.operations.taxes import NewTreatment, TaxPlace, define_treatment, set_tax_rate
from billhook.catalog.rates import NewRate
from billhook.foundation.models import EventRecord

BY = {"actor": CLERK, "at": OPENING}
TODAY = OPENING.date()
NOT_COUNTED = re.compile(r"SAVEPOINT|RELEASE|ROLLBACK", re.IGNORECASE)


def product(code="line", kind="recurring", **more):
    return create_product(code=code, name=code.title(), kind=kind, **more, **BY)


def publish(of, amount="20.00", valid_from=OPENED, *, scope=None, **more):
    given = {"model": "flat", "parameters": {"amount": amount}, **more}
    return publish_price(product=of, valid_from=valid_from, scope=PriceScope(**(scope or {})), **given, **BY)


def new_rate(prefix="31", price="0.05", valid_from=OPENED, **more):
    given = {"destination": f"To {prefix}", **more}
    return NewRate(prefix=prefix, price_per_minute=Decimal(price), valid_from=valid_from, **given)


def told(name):
    """Return the sentences of the events of a name, oldest first."""
    return [record.data for record in EventRecord.objects.filter(name=name).order_by("id")]


@contextmanager
def statements():
    """Yield a list that holds the statements that were run, once the block is over."""
    found = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [query["sql"] for query in captured if not NOT_COUNTED.match(query["sql"])]


def day(text):
    return date.fromisoformat(f"2026-{text}")


def discount(code="ten", **more):
    given = {"percent": Decimal(10)} if "amount" not in more else {}
    return create_discount(new=NewDiscount(code=code, name=code.title(), **given, **more), **BY)


def coupon(code="Spring-26", of=None, **more):
    return create_coupon(code=code, discount=of or discount(), **more, **BY)


def tax_rate(percent="21", place=None, valid_from=OPENED, code="vat", tax_category="standard", **more):
    return set_tax_rate(
        tax_category=tax_category,
        code=code,
        name=code.upper(),
        percent=Decimal(percent),
        place=TaxPlace(**(place or {})),
        valid_from=valid_from,
        **more,
        **BY,
    )


def treat(code, position, **more):
    return define_treatment(new=NewTreatment(code=code, name=code.title(), position=position, **more), **BY)


def exchange_rate(pair="EUR/USD", rate="1.08", valid_from=OPENED, **more):
    one, other = pair.split("/")
    return set_exchange_rate(
        from_currency=one, to_currency=other, rate=Decimal(rate), valid_from=valid_from, **more, **BY
    )
