"""Schemes of tax ids: whose numbers they are, and how one is checked without asking anybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType

from stdnum import exceptions
from stdnum.ar import cuit as ar_cuit
from stdnum.au import abn as au_abn
from stdnum.br import cnpj as br_cnpj
from stdnum.br import cpf as br_cpf
from stdnum.ca import bn as ca_bn
from stdnum.ch import vat as ch_vat
from stdnum.cl import rut as cl_rut
from stdnum.co import nit as co_nit
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat
from stdnum.in_ import gstin as in_gst
from stdnum.it import codicefiscale as it_cf
from stdnum.jp import cn as jp_cn
from stdnum.kr import brn as kr_brn
from stdnum.mx import rfc as mx_rfc
from stdnum.no import mva as no_mva
from stdnum.nz import ird as nz_ird
from stdnum.rs import pib as rs_pib
from stdnum.sg import uen as sg_uen
from stdnum.tr import vkn as tr_vkn
from stdnum.ua import edrpou as ua_edrpou
from stdnum.us import ein as us_ein
from stdnum.za import tin as za_tin

from billhook.core.errors import Refusal
from billhook.core.vat import MEMBERS
from billhook.core.vat_id import is_vat_id

GREECE = "GR"
GREECE_FOR_VAT = "EL"


class TaxIdError(Refusal):
    """Raised for a tax id that is not right; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """One kind of number.

    Args:
        code: by which it is stored.
        name: as people call it.
        module: what knows the number; None where only its characters are checked.
        country: whose it is; empty where the number or the customer says so.
        vat: whether invoices carry it as the buyer's VAT id.
    """

    code: str
    name: str
    module: ModuleType | None = None
    country: str = ""
    vat: bool = False


OTHER = "other"
SCHEMES: Mapping[str, Scheme] = {
    code: Scheme(code=code, name=name, module=module, country=country, vat=vat)
    for code, name, module, country, vat in (
        ("eu_vat", "EU VAT", eu_vat, "", True),
        ("gb_vat", "GB VAT", gb_vat, "GB", True),
        ("ch_vat", "CH VAT", ch_vat, "CH", True),
        ("no_mva", "NO MVA", no_mva, "NO", True),
        ("us_ein", "US EIN", us_ein, "US", False),
        ("ca_bn", "CA BN", ca_bn, "CA", False),
        ("au_abn", "AU ABN", au_abn, "AU", False),
        ("nz_ird", "NZ IRD", nz_ird, "NZ", False),
        ("in_gst", "IN GST", in_gst, "IN", False),
        ("sg_uen", "SG UEN", sg_uen, "SG", False),
        ("jp_cn", "JP CN", jp_cn, "JP", False),
        ("kr_brn", "KR BRN", kr_brn, "KR", False),
        ("br_cnpj", "BR CNPJ", br_cnpj, "BR", False),
        ("br_cpf", "BR CPF", br_cpf, "BR", False),
        ("mx_rfc", "MX RFC", mx_rfc, "MX", False),
        ("ar_cuit", "AR CUIT", ar_cuit, "AR", False),
        ("cl_rut", "CL RUT", cl_rut, "CL", False),
        ("co_nit", "CO NIT", co_nit, "CO", False),
        ("za_tin", "ZA TIN", za_tin, "ZA", False),
        ("tr_vkn", "TR VKN", tr_vkn, "TR", False),
        ("rs_pib", "RS PIB", rs_pib, "RS", False),
        ("ua_edrpou", "UA EDRPOU", ua_edrpou, "UA", False),
        ("it_cf", "IT codice fiscale", it_cf, "IT", False),
        (OTHER, "another number", None, "", False),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTaxId:
    """A tax id that is right: compact for comparing, formatted for reading."""

    scheme: Scheme
    country: str
    number: str
    formatted: str


def check_tax_id(scheme: str, number: str, *, country: str = "") -> CheckedTaxId:
    """Return a tax id whose form and check digits are right.

    Args:
        scheme: code of its kind.
        number: as given, with or without spaces and punctuation; an EU VAT id with or without its country.
        country: two letters; asked for where neither scheme nor number says it.

    Raises:
        TaxIdError: the scheme is unknown, the country is missing or contradicts, or the number is wrong.
    """
    kind = SCHEMES.get(scheme)
    if kind is None:
        raise TaxIdError(f"There is no kind of tax id {scheme!r}: choose one of {', '.join(SCHEMES)}.")
    if kind.country and country and country != kind.country:
        raise TaxIdError(f"A {kind.name} number is of {kind.country}, not of {country}: correct one of both.")
    if kind.code == "eu_vat":
        return _european(kind, number, country)
    if kind.module is None:
        return _any_other(kind, number, country)
    compact = _validated(kind.module, kind.name, number)
    formatted = kind.module.format(compact) if hasattr(kind.module, "format") else compact
    return CheckedTaxId(scheme=kind, country=kind.country, number=_prefixed(kind, compact), formatted=formatted)


def _prefixed(kind: Scheme, compact: str) -> str:
    """Return a number as invoices carry it: the British one begins with its country."""
    return f"GB{compact}" if kind.code == "gb_vat" else compact


def _compact(number: str) -> str:
    return "".join(letter for letter in number.upper() if letter.isalnum())


def _european(kind: Scheme, number: str, country: str) -> CheckedTaxId:
    """Check a VAT id of a member state; its own letters say which, else the country does."""
    bare = _compact(number)
    if bare.startswith(GREECE):
        bare = f"{GREECE_FOR_VAT}{bare[2:]}"
    stated = GREECE_FOR_VAT if country == GREECE else country
    letters = bare[:2] if bare[:2] in MEMBERS | {GREECE_FOR_VAT} else ""
    if not letters:
        bare, letters = f"{stated}{bare}", stated
    if stated and letters != stated:
        raise TaxIdError(f"The EU VAT id begins with {letters}, but the country is {country}: correct one of both.")
    home = GREECE if letters == GREECE_FOR_VAT else letters
    if home not in MEMBERS:
        raise TaxIdError("The EU VAT id does not begin with a member state: write it such as NL, then the digits.")
    compact = _validated(eu_vat, kind.name, bare)
    if not is_vat_id(compact):
        raise TaxIdError(f"The {kind.name} id has not the form of {home}: compare it with the certificate.")
    return CheckedTaxId(scheme=kind, country=home, number=compact, formatted=f"{compact[:2]} {compact[2:]}")


def _any_other(kind: Scheme, number: str, country: str) -> CheckedTaxId:
    """Check the characters of a number that no library knows."""
    compact = _compact(number)
    plain = all(letter.isascii() and (letter.isalnum() or letter in " .-/") for letter in number)
    if not country:
        raise TaxIdError("The tax id does not say whose it is: give its country.")
    if not plain or not 4 <= len(compact) <= 30:  # noqa: PLR2004 - the shortest and the longest that states give
        raise TaxIdError("The tax id has not the form of one: give 4 to 30 letters and digits.")
    return CheckedTaxId(scheme=kind, country=country, number=compact, formatted=number.strip())


def _validated(module: ModuleType, name: str, number: str) -> str:
    """Return the compact number, or say what is wrong with it; the number itself is not repeated."""
    try:
        return str(module.validate(number))
    except exceptions.InvalidLength:
        wrong = "has too many or too few characters"
    except exceptions.InvalidChecksum:
        wrong = "has a wrong check digit"
    except exceptions.InvalidFormat:
        wrong = "has characters that do not belong there"
    except exceptions.ValidationError:
        wrong = "has a part that was never given out"
    raise TaxIdError(f"The {name} number {wrong}: compare it with the certificate.")


def scheme_of_vat_id(number: str) -> str:
    """Return the scheme of a VAT id by its first letters."""
    letters = number.strip().upper()
    known = {"GB": "gb_vat", "CHE": "ch_vat", "NO": "no_mva"}
    return next((scheme for start, scheme in known.items() if letters.startswith(start)), "eu_vat")
