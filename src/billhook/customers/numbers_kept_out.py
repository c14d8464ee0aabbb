"""What must never be stored: card numbers and bank account numbers, found in free text however they are written."""

import re
import unicodedata
from collections.abc import Iterator

from stdnum import iban, luhn

SHORTEST_CARD, LONGEST_CARD = 13, 19
SHORTEST_IBAN, LONGEST_IBAN = 15, 34
_SEPARATOR = r"[\s\-._/,:;|\u00b7\u2022\u2010-\u2015]"
_BETWEEN = re.compile(f"{_SEPARATOR}+")
_DIGITS = re.compile(f"[0-9]+(?:{_SEPARATOR}{{1,3}}[0-9]+)*")
_IBAN_START = re.compile(r"(?=([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}))")


def _plain(text: str) -> str:
    """Return text with ordinary digits and letters, without invisible characters."""
    usual = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.digit(letter, letter)) for letter in usual if unicodedata.category(letter) != "Cf")


def holds_card_number(text: str) -> bool:
    """Return whether a text holds 13 to 19 digits, in one piece or in groups, that pass the check of card numbers."""
    return any(
        SHORTEST_CARD <= len(digits) <= LONGEST_CARD and luhn.is_valid(digits) for digits in _groups(_plain(text))
    )


def _groups(text: str) -> Iterator[str]:
    """Yield the digits of every run of neighbouring groups."""
    for run in _DIGITS.findall(text):
        groups = _BETWEEN.split(run)
        for start in range(len(groups)):
            digits = ""
            for group in groups[start:]:
                digits += group
                if len(digits) > LONGEST_CARD:
                    break
                yield digits


def holds_iban(text: str) -> bool:
    """Return whether a text holds an IBAN, with or without spaces, whose country, form and check digits are right."""
    compact = _BETWEEN.sub("", _plain(text)).upper()
    return any(
        iban.is_valid(found[:length], check_country=False)
        for found in _IBAN_START.findall(compact)
        for length in range(SHORTEST_IBAN, min(LONGEST_IBAN, len(found)) + 1)
    )
