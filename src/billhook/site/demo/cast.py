"""Who and what plays in the example: one sandbox company, ten customers, one plan, and the instants of the story."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

CODE = "kestrel"
OPERATOR_EMAIL = "operator@kestrel.example"
ZONE = "Europe/Amsterdam"
SEED = 20260301
PRICE_PER_MINUTE = "0.05"
MONTHLY_FEE = Decimal("20.00")
LATE_FEE = "5.00"
RETRY_DAYS = (3, 5)
DUE_DAYS = 14


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """Return an instant of the story, which plays in the spring of 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


OPENING = at(3, 1, 7)
FIRST_BILL_DATE = date(2026, 3, 1)
FIRST_RUN_AT = at(3, 1, 18)
CALLS_FROM, CALLS_UNTIL = at(3, 1, 20), at(3, 31, 21)
LOADED_AT = at(4, 1, 5)
BILL_DATE = date(2026, 4, 1)
RUN_AT = at(4, 1, 7)
AFTER_SUSPENSION = at(4, 30, 8)
PAID_AT = at(4, 30, 9)
NEXT_BILL_DATE = date(2026, 5, 1)
NEXT_RUN_AT = at(5, 1, 7)


@dataclass(frozen=True, slots=True)
class Part:
    """One customer of the example: `minutes` are what its calls of March come to, None leaves it to chance."""

    number: str
    name: str
    email: str
    address: str
    telephone: str
    token: str = "tok_visa"  # noqa: S105 - the sandbox's test token
    card: str = "Visa •4242"
    minutes: int | None = None

    @property
    def identifier(self) -> str:
        """Return the account code under which the switch knows the customer."""
        return f"KN{self.number}"


CUSTOMERS = (
    Part(
        "1001",
        "Harbour Bakery",
        "accounts@harbour-bakery.example",
        "Quay Street 1\n1011 AB Amsterdam",
        "31208100101",
        minutes=100,
    ),
    Part(
        "1002",
        "Linden Dental Practice",
        "office@linden-dental.example",
        "Linden Lane 8\n3511 BK Utrecht",
        "31308100102",
    ),
    Part(
        "1003", "Northgate Cycles", "shop@northgate-cycles.example", "North Gate 21\n9711 CA Groningen", "31508100103"
    ),
    Part(
        "1004",
        "Quayside Hotel",
        "finance@quayside-hotel.example",
        "Quayside 4\n3011 AA Rotterdam",
        "31108100104",
        "tok_mastercard",
        "Mastercard •5454",
    ),
    Part("1005", "Millstone Brewery", "books@millstone-brewery.example", "Mill Road 77\n4811 CD Breda", "31768100105"),
    Part("1006", "Fernhill School", "bursar@fernhill-school.example", "Fern Hill 2\n6811 EF Arnhem", "31268100106"),
    Part(
        "1007",
        "Old Mill Garage",
        "desk@oldmill-garage.example",
        "Old Mill Way 13\n5611 GH Eindhoven",
        "31408100107",
        "tok_limit_20.00",
        "Visa •0341",
        64,
    ),
    Part(
        "1008",
        "Sandpiper Travel",
        "hello@sandpiper-travel.example",
        "Shore Walk 5\n2511 JK Den Haag",
        "31708100108",
        "tok_mastercard",
        "Mastercard •4444",
    ),
    Part(
        "1009", "Tollgate Logistics", "ap@tollgate-logistics.example", "Toll Gate 90\n7511 LM Enschede", "31538100109"
    ),
    Part("1010", "Willow Florists", "orders@willow-florists.example", "Willow Row 3\n2011 NP Haarlem", "31238100110"),
)
LATE = "1007"
MENDED_TO = "KN1004"
