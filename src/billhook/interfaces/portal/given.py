"""What somebody typed into the sign-up form, and what is wrong with it, field by field in plain words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from billhook.core.vat_id import is_vat_id
from billhook.interfaces.console.components import Choice, Field, FieldKind
from billhook.interfaces.given import is_e_mail
from billhook.interfaces.portal.countries import countries
from billhook.payments.queries import CardsOffered

LENGTHS = {
    "name": ("name", 200),
    "email": ("e-mail address", 254),
    "address": ("address", 1000),
    "vat_id": ("VAT id", 32),
}
NEEDED = {
    "name": "Write your name, or that of your company.",
    "email": "Write your e-mail address: bills and notices go there.",
    "address": "Write your postal address: it stands on your bills.",
}
NAMES = (*LENGTHS, "country", "card")
TRAP = "website"


@dataclass(frozen=True, slots=True)
class Given:
    """The fields of a sent form, without space around them; `key` makes the form count once."""

    fields: Mapping[str, str]
    key: str
    trapped: bool

    def __getitem__(self, name: str) -> str:
        """Return what stands in a field."""
        return self.fields.get(name, "")


def read(posted: Mapping[str, str], key: str) -> Given:
    """Return what was typed; line ends are those of the books."""
    fields = {name: posted.get(name, "").replace("\r\n", "\n").strip() for name in NAMES}
    fields["vat_id"] = re.sub(r"[\s.-]", "", fields["vat_id"]).upper()
    return Given(fields, key, bool(posted.get(TRAP)))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form asks for.

    Args:
        cards: those that may be chosen.
        card_needed: whether one has to be.
    """

    cards: CardsOffered
    card_needed: bool
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        """Return whether nobody can sign up, since a card has to be chosen and there is none."""
        return self.card_needed and not self.cards.choices


def errors_in(given: Given, asked: Asked) -> dict[str, str]:
    """Return what is wrong, by field, each as one sentence that says what to do."""
    found = {
        name: f"Shorten the {what} to {most} characters."
        for name, (what, most) in LENGTHS.items()
        if len(given[name]) > most
    }
    found |= {name: sentence for name, sentence in NEEDED.items() if not given[name]}
    if given["email"] and "email" not in found and not is_e_mail(given["email"]):
        found["email"] = "Write an e-mail address such as name@example.com."
    if given["country"] not in countries():
        found["country"] = "Choose your country."
    if given["vat_id"] and not is_vat_id(given["vat_id"]):
        found["vat_id"] = "This is no VAT id: write it with its two letters, such as NL123456789B01, or leave it out."
    if given["card"] not in {choice.token for choice in asked.cards.choices} and (given["card"] or asked.card_needed):
        found["card"] = "Choose a card."
    return found


def fields_of(given: Given, asked: Asked) -> tuple[Field, ...]:
    """Return the fields of the form as they were filled, each beside what is wrong with it."""
    lands = (Choice("", "Choose …"), *(Choice(code, name) for code, name in countries().items()))
    fields = [
        ("name", "Your name or company", FieldKind.TEXT, "name", ()),
        ("email", "E-mail", FieldKind.EMAIL, "email", ()),
        ("address", "Street, postal code and town", FieldKind.TEXTAREA, "street-address", ()),
        ("country", "Country", FieldKind.SELECT, "country", lands),
        ("vat_id", "VAT id", FieldKind.TEXT, "off", ()),
    ]
    if asked.cards.choices:
        fields.append(("card", "Card", FieldKind.SELECT, "off", _cards(asked)))
    optional = {"vat_id"} if asked.card_needed else {"vat_id", "card"}
    helps = {
        "vat_id": "Only for companies.",
        "card": "These are test cards: no card number is asked for, and no money moves.",
    }
    return tuple(
        Field(
            name,
            label,
            kind,
            given[name],
            help=helps.get(name, ""),
            error=asked.errors.get(name, ""),
            choices=choices,
            required=name not in optional,
            autocomplete=autocomplete,
        )
        for name, label, kind, autocomplete, choices in fields
    )


def _cards(asked: Asked) -> tuple[Choice, ...]:
    first = Choice("", "Choose …" if asked.card_needed else "No card: I pay by invoice")
    return (first, *(Choice(choice.token, choice.label) for choice in asked.cards.choices))
