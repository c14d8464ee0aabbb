"""The demo's calls: a `Master.csv` as Asterisk writes it, from a seed, and the deck that prices it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, PhoneNumberType, geocoder
from phonenumbers.carrierdata import CARRIER_DATA

DESTINATIONS = ("NL", "NL", "NL", "BE", "DE", "FR", "GB", "IT", "ES", "US", "ZA", "JP")
MOBILE_CODES = ("31", "32", "33", "39", "44", "49")
LONGEST_MOBILE_PREFIX = 5
NOT_GEOGRAPHIC = ("001",)
UNNAMED = {"AC": "Ascension Island", "XK": "Kosovo"}
UNANSWERED = ("NO ANSWER", "BUSY", "FAILED")
UNKNOWN_ACCOUNT = "KN9999"
UNKNOWN_NUMBER = "999555010203"
QUOTED_NAME = 'Joe "The Hook" Smith, Sales'
COLUMN_COUNTS = (16, 17, 18, 21)
STAMP = "%Y-%m-%d %H:%M:%S"


class DeckRow(NamedTuple):
    """One row of a price list: what a minute to a prefix costs, as decimal text."""

    prefix: str
    destination: str
    price_per_minute: str


@dataclass(frozen=True, slots=True)
class CallAccount:
    """A customer's telephone service as the switch knows it.

    Args:
        identifier: the account code.
        number: the calling number, digits with the calling code.
        name: the caller's name.
        minutes: what its answered, priceable calls must sum to; None leaves it to chance.
    """

    identifier: str
    number: str
    name: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Planted:
    """Where the awkward rows stand, as line numbers from 1; the duplicate is the later of the twins."""

    unanswered: tuple[int, ...]
    duplicate: int
    unknown_customer: int
    unknown_prefix: int
    quoted_name: int


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """What was written.

    Args:
        rows: lines in the file.
        billable_seconds: for each account, the seconds of its answered, priceable calls, each counted once.
    """

    rows: int
    billable_seconds: Mapping[str, int]
    planted: Planted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One call before it is written; `kind` says why it was planted, if it was."""

    account: CallAccount
    called: str
    start: datetime
    ring: int
    talk: int
    disposition: str = "ANSWERED"
    ordinal: int = 0
    kind: str = ""

    @property
    def end(self) -> datetime:
        """The instant of hanging up."""
        return self.start + timedelta(seconds=self.ring + self.talk)


def write_master_csv(
    path: Path,
    *,
    seed: int,
    first: datetime,
    until: datetime,
    accounts: Sequence[CallAccount],
    zone: str = "UTC",
    columns: int = 18,
) -> GeneratedFile:
    """Write the calls of some accounts between two instants; the same arguments give the same bytes.

    Args:
        path: the file to write; it is replaced.
        seed: decides everything that is left to chance.
        first: aware; the earliest start.
        until: aware; every call starts and ends before it.
        accounts: whose calls; minutes of None are left to chance.
        zone: the switch's local zone, in which times are written.
        columns: 16, 17, 18 or 21, as the switch's `cdr.conf` has it.

    Raises:
        ValueError: the number of columns is none that Asterisk writes, or no account is to call.
    """
    if columns not in COLUMN_COUNTS:
        raise ValueError(f"Asterisk writes 16, 17, 18 or 21 columns, not {columns}.")
    if all(account.minutes == 0 for account in accounts):
        raise ValueError("No account is to call; give at least one some minutes.")
    chance = Random(seed)  # noqa: S311 - a demo must be repeatable, not secret
    calls = _calls(chance, first, until, accounts, ZoneInfo(zone))
    lines = [_line(call, columns, ZoneInfo(zone)) for call in calls]
    path.write_bytes("".join(lines).encode())
    seconds = {
        account.identifier: sum(call.talk for call in calls if call.account == account and call.kind in ("", "quoted"))
        for account in accounts
    }
    return GeneratedFile(len(lines), seconds, _planted(calls))


def rate_card_rows(price_per_minute: str = "0.05") -> list[DeckRow]:
    """Return a deck of every calling code in the world and some countries' mobile prefixes, all at one price."""
    countries = [(str(code), _name(code, regions)) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()]
    names = dict(countries)
    mobile = [
        (prefix, f"{names[code]} Mobile ({carriers['en']})")
        for prefix, carriers in CARRIER_DATA.items()
        for code in MOBILE_CODES
        if prefix.startswith(code) and len(prefix) <= LONGEST_MOBILE_PREFIX and "en" in carriers
    ]
    return [DeckRow(prefix, name, price_per_minute) for prefix, name in sorted(countries + mobile)]


def _name(code: int, regions: Sequence[str]) -> str:
    """Return the name of a calling code's main country, or of the service that is no country."""
    if tuple(regions) == NOT_GEOGRAPHIC:
        return f"Global service +{code}"
    example = phonenumbers.example_number(regions[0])
    name = geocoder.country_name_for_number(example, "en") if example else ""
    return name or UNNAMED.get(regions[0], regions[0])


def _calls(
    chance: Random, first: datetime, until: datetime, accounts: Sequence[CallAccount], zone: ZoneInfo
) -> list[_Call]:
    """Return all calls in the order in which the switch writes them: as they end, the duplicate behind its twin."""
    numbers = _destinations(chance)
    calls: list[_Call] = []
    for account in accounts:
        calls += _account_calls(chance, account, numbers, first, until, zone)
    ordinary = [place for place, call in enumerate(calls) if not call.kind]
    quoted = chance.choice(ordinary)
    calls[quoted] = replace(calls[quoted], kind="quoted")
    stranger = CallAccount(UNKNOWN_ACCOUNT, "31850009999", "Unknown")
    some = replace(calls[ordinary[0]], start=_moment(chance, first, until, zone))
    calls.append(replace(some, account=stranger, kind="unknown_customer"))
    calls.append(replace(some, called=UNKNOWN_NUMBER, kind="unknown_prefix"))
    ordered = [replace(call, ordinal=n) for n, call in enumerate(sorted(calls, key=lambda call: call.end), start=1)]
    twin = next(place for place, call in enumerate(ordered) if not call.kind)
    return [*ordered[: twin + 1], replace(ordered[twin], kind="duplicate"), *ordered[twin + 1 :]]


def _account_calls(
    chance: Random,
    account: CallAccount,
    numbers: Sequence[str],
    first: datetime,
    until: datetime,
    zone: ZoneInfo,
) -> Iterator[_Call]:
    """Yield one account's calls: answered ones that sum to its minutes, and three that nobody answered."""
    for talk in _lengths(chance, account.minutes if account.minutes is not None else chance.randrange(20, 240)):
        start = _moment(chance, first, until, zone)
        yield _Call(
            account=account, called=chance.choice(numbers), start=start, ring=chance.randrange(2, 25), talk=talk
        )
    for disposition in UNANSWERED:
        yield _Call(
            account=account,
            called=chance.choice(numbers),
            start=_moment(chance, first, until, zone),
            ring=chance.randrange(2, 45),
            talk=0,
            disposition=disposition,
            kind="unanswered",
        )


def _lengths(chance: Random, minutes: int) -> list[int]:
    """Return odd numbers of seconds that sum to exactly so many minutes: some 36 up to 180 minutes, then more."""
    total = minutes * 60
    count = min(total, max(2 * chance.randrange(14, 23), 2 * (minutes // 10)))
    if not count:
        return []
    pairs = (total - count) // 2
    cuts = sorted(chance.randint(0, pairs) for _ in range(count - 1))
    return [2 * (high - low) + 1 for low, high in zip([0, *cuts], [*cuts, pairs], strict=True)]


def _moment(chance: Random, first: datetime, until: datetime, zone: ZoneInfo) -> datetime:
    """Return a start that leaves three hours before the end, at a local time that occurs once."""
    reach = int((until - first).total_seconds()) - 3 * 3600
    while True:
        moment = (first + timedelta(seconds=chance.randrange(reach))).astimezone(UTC)
        local = moment.astimezone(zone)
        if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
            return moment


def _destinations(chance: Random) -> list[str]:
    """Return numbers that could be real, as they are dialled: with 00, with a plus, or bare."""
    numbers = []
    for region in DESTINATIONS:
        for kind in (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                digits = _variant(chance, example)
                numbers.append(f"{chance.choice(('00', '+', ''))}{digits}")
    return numbers


def _variant(chance: Random, example: PhoneNumber) -> str:
    """Return an example number with other last digits that still make a valid one, as E.164 digits."""
    text = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
    for _ in range(20):
        varied = f"{text[:-3]}{chance.randrange(1000):03d}"
        if phonenumbers.is_valid_number(phonenumbers.parse(f"+{varied}")):
            return varied
    return text


def _line(call: _Call, columns: int, zone: ZoneInfo) -> str:
    """Return a call as `cdr_csv.c` writes it: texts quoted, numbers bare, an answer that never came left empty."""
    account, epoch = call.account, int(call.start.timestamp())
    name = QUOTED_NAME if call.kind == "quoted" else account.name
    channel = f"PJSIP/{account.identifier.lower()}-{call.ordinal:08x}"
    trunk, unique = f"PJSIP/trunk-{call.ordinal:08x}", f"{epoch}.{2 * call.ordinal}"
    answered = call.disposition == "ANSWERED"
    times = (call.start, call.start + timedelta(seconds=call.ring) if answered else None, call.end)
    dialled = f"PJSIP/{call.called}@trunk,60,tT"
    fields = [
        *map(_text, (account.identifier, account.number, call.called, "from-customers")),
        *map(_text, (f'"{name}" <{account.number}>', channel, trunk, "Dial", dialled)),
        *(_text(f"{time.astimezone(zone):{STAMP}}") if time else "" for time in times),
        *(str(call.ring + call.talk), str(call.talk)),
        *map(_text, (call.disposition, "DOCUMENTATION")),
        *map(_text, (unique, "", "", unique)),
        str(call.ordinal),
    ]
    return ",".join(fields[:columns]) + "\n"


def _text(value: str) -> str:
    """Return a text in quotes, its own quotes doubled."""
    return '"' + value.replace('"', '""') + '"'


def _planted(calls: Sequence[_Call]) -> Planted:
    """Return where the awkward rows came to stand."""
    lines: dict[str, list[int]] = {}
    for number, call in enumerate(calls, start=1):
        lines.setdefault(call.kind, []).append(number)
    return Planted(
        unanswered=tuple(lines["unanswered"]),
        duplicate=lines["duplicate"][0],
        unknown_customer=lines["unknown_customer"][0],
        unknown_prefix=lines["unknown_prefix"][0],
        quoted_name=lines["quoted"][0],
    )
