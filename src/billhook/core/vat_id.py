"""VAT ids: the form of each member state, and the checksum where its rule is public."""

import re

_MODULUS_11, _MODULUS_97 = 11, 97


def is_vat_id(text: str) -> bool:
    """Return whether a VAT id has the form of its country, and, where a checksum is known, a right one."""
    country, digits = text[:2].upper(), text[2:].upper()
    form = _FORMS.get(country)
    if form is None or re.fullmatch(form, digits) is None:
        return False
    check = _CHECKS.get(country)
    return check is None or check(digits)


def _belgian(digits: str) -> bool:
    return _MODULUS_97 - int(digits[:8]) % _MODULUS_97 == int(digits[8:])


def _german(digits: str) -> bool:
    product = 10
    for digit in digits[:8]:
        rest = (int(digit) + product) % 10 or 10
        product = rest * 2 % _MODULUS_11
    return (_MODULUS_11 - product) % 10 == int(digits[8])


def _austrian(digits: str) -> bool:
    figures = [int(digit) for digit in digits[1:]]
    doubled = sum(
        figure if place % 2 == 0 else figure * 2 // 10 + figure * 2 % 10 for place, figure in enumerate(figures[:7])
    )
    return (10 - (doubled + 4) % 10) % 10 == figures[7]


def _dutch(digits: str) -> bool:
    """Return whether one of both Dutch rules holds: modulus 11 of a company, modulus 97 of a sole proprietor."""
    weighted = sum(int(digit) * weight for digit, weight in zip(digits[:8], range(9, 1, -1), strict=True))
    letters = "".join(str(int(letter, 36)) for letter in f"NL{digits}")
    return weighted % _MODULUS_11 == int(digits[8]) or int(letters) % _MODULUS_97 == 1


def _french(digits: str) -> bool:
    """Return whether the key of a SIREN is right; keys with letters are only checked by form."""
    return not digits.isdigit() or (12 + 3 * (int(digits[2:]) % _MODULUS_97)) % _MODULUS_97 == int(digits[:2])


def _italian(digits: str) -> bool:
    figures = [int(digit) for digit in digits]
    doubled = sum(sum(divmod(figure * 2, 10)) for figure in figures[1:10:2])
    return (10 - (sum(figures[0:10:2]) + doubled) % 10) % 10 == figures[10]


def _luxembourg(digits: str) -> bool:
    return int(digits[:6]) % 89 == int(digits[6:])


_CHECKS = {
    "AT": _austrian,
    "BE": _belgian,
    "DE": _german,
    "FR": _french,
    "IT": _italian,
    "LU": _luxembourg,
    "NL": _dutch,
}

_FORMS = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"[1-9]\d{8}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{10}01",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
}
