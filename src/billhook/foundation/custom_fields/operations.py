"""Custom fields are defined, changed and retired."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from billhook.core.errors import Refusal
from billhook.foundation.constraints import refusing
from billhook.foundation.custom_fields.patterns import check_pattern
from billhook.foundation.custom_fields.values import FieldValueError, stored
from billhook.foundation.events import Actor, emit
from billhook.foundation.happenings import CustomFieldChanged, CustomFieldDefined
from billhook.foundation.models import CustomField
from billhook.foundation.models.custom_fields import ENTITIES, KINDS
from billhook.foundation.scope import ScopedModel, scoped_models

LONGEST_CODE, LONGEST_LABEL, LAST_POSITION = 40, 120, 1000
LONGEST = 2000
LONGEST_PATTERNED = 200


class FieldDefinitionError(Refusal):
    """Raised for a definition that contradicts itself; the message says in which way."""


class FieldExistsError(Refusal):
    """Raised when a code is taken."""

    def __init__(self, entity: str, code: str) -> None:
        super().__init__(f"A {entity} has a field {code} already: change it, or choose another code.")


class UnknownFieldError(Refusal):
    """Raised when an entity has no field of a code."""

    def __init__(self, entity: str, code: str) -> None:
        super().__init__(f"A {entity} has no field {code}: define it first, or choose another.")


class StoredValuesError(Refusal):
    """Raised when a change would leave stored values that the field does not take."""

    def __init__(self, entity: str, code: str, count: int) -> None:
        self.count = count
        super().__init__(
            f"{count} stored values of the field {code} of a {entity} would no longer be right: correct them first, or"
            " define another field."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDefinition:
    """What a custom field is like.

    Args:
        label: what people read.
        kind: text, integer, decimal, date, boolean, choice, email or url.
        required: whether everything of its entity has a value.
        choices: what may be chosen, for a choice alone.
        pattern: what a text has to look like as a whole; empty for anything.
        max_length: of a text, at most 2000 characters, with a pattern 200.
        default: what something new has where nothing is given; None for nothing.
        position: place among the fields, from 1.
    """

    label: str
    kind: str = "text"
    required: bool = False
    choices: Sequence[str] = ()
    pattern: str = ""
    max_length: int = 200
    default: object = None
    position: int = 1

    def check(self) -> None:
        """Refuse a definition that contradicts itself.

        Raises:
            FieldDefinitionError: the message says in which way.
            PatternError: the pattern is none, or could take for ever.
        """
        for wrong, sentence in (
            (
                not self.label.strip() or len(self.label) > LONGEST_LABEL,
                "A field needs a label of 1 to 120 characters: give one.",
            ),
            (self.kind not in KINDS, f"{self.kind!r} is no kind of field: choose one of {', '.join(KINDS)}."),
            ((self.kind == "choice") != bool(self.choices), "A choice, and nothing else, needs choices: list them."),
            (len(set(self.choices)) < len(self.choices), "A choice stands twice in the list: name each once."),
            (any(not one.strip() for one in self.choices), "A choice is empty: name it, or leave it out."),
            (bool(self.pattern) and self.kind != "text", "Only a text has a pattern: leave it out."),
            (not 1 <= self.max_length <= self._longest, f"A field holds 1 to {self._longest} characters: choose."),
            (not 1 <= self.position <= LAST_POSITION, "A position is a number from 1 to 1000: choose one."),
        ):
            if wrong:
                raise FieldDefinitionError(sentence)
        if self.pattern:
            check_pattern(self.pattern)

    @property
    def _longest(self) -> int:
        return LONGEST_PATTERNED if self.pattern else LONGEST


def _write(row: CustomField, definition: FieldDefinition) -> None:
    """Put a definition into an unsaved row, its default as it is stored.

    Raises:
        FieldDefinitionError: the field does not take its own default.
    """
    definition.check()
    for one in fields(definition):
        setattr(row, one.name, getattr(definition, one.name))
    row.choices = list(definition.choices)
    if definition.default is not None:
        try:
            row.default = stored(row, definition.default)
        except FieldValueError as wrong:
            raise FieldDefinitionError(f"The field does not take its own default: {wrong}.") from wrong


@transaction.atomic
def define_custom_field(
    *, entity: str, code: str, definition: FieldDefinition, actor: Actor, at: datetime
) -> CustomField:
    """Define a field of an entity for the company in scope.

    Raises:
        FieldDefinitionError: the definition contradicts itself.
        PatternError: its pattern is none, or could take for ever.
        FieldExistsError: the code is taken.
        StoredValuesError: it is required without a default, and there is something that has no value.
    """
    if entity not in ENTITIES:
        raise FieldDefinitionError(f"A {entity} has no custom fields: choose one of {', '.join(ENTITIES)}.")
    row = CustomField(entity=entity, code=code)
    if not code.isidentifier() or len(code) > LONGEST_CODE or code != code.lower() or not code.isascii():
        raise FieldDefinitionError(f"{code!r} is no code: take lower-case letters, digits and underscores, at most 40.")
    _write(row, definition)
    with refusing(custom_field_once=FieldExistsError(entity, code)):
        row.save(force_insert=True)
    _require_fitting(row)
    emit(CustomFieldDefined(field=f"{entity}.{code}", kind=row.kind), actor=actor, at=at)
    return row


@transaction.atomic
def change_custom_field(
    *, entity: str, code: str, definition: FieldDefinition, actor: Actor, at: datetime
) -> CustomField:
    """Give a field another definition, which all stored values have to bear.

    Raises:
        UnknownFieldError: the entity has no such field.
        FieldDefinitionError: the definition contradicts itself.
        PatternError: its pattern is none, or could take for ever.
        StoredValuesError: stored values would no longer be right; the message says how many.
    """
    row = _locked(entity, code)
    _write(row, definition)
    row.save()
    _require_fitting(row)
    emit(CustomFieldChanged(field=f"{entity}.{code}", how="changed"), actor=actor, at=at)
    return row


@transaction.atomic
def retire_custom_field(*, entity: str, code: str, actor: Actor, at: datetime) -> CustomField:
    """Let a field take no more values; those that are stored stay. One that is retired stays so.

    Raises:
        UnknownFieldError: the entity has no such field.
    """
    return _set_active(entity, code, actor=actor, at=at, active=False)


@transaction.atomic
def revive_custom_field(*, entity: str, code: str, actor: Actor, at: datetime) -> CustomField:
    """Let a retired field take values again. One that is in use stays so.

    Raises:
        UnknownFieldError: the entity has no such field.
        StoredValuesError: it is required without a default, and there is something that has no value.
    """
    return _set_active(entity, code, actor=actor, at=at, active=True)


def _set_active(entity: str, code: str, *, actor: Actor, at: datetime, active: bool) -> CustomField:
    row = _locked(entity, code)
    if row.active != active:
        row.active = active
        row.save(update_fields=["active"])
        _require_fitting(row)
        how = "taken up again" if active else "retired"
        emit(CustomFieldChanged(field=f"{entity}.{code}", how=how), actor=actor, at=at)
    return row


def _locked(entity: str, code: str) -> CustomField:
    row = CustomField.objects.select_for_update().filter(entity=entity, code=code).first()
    if row is None:
        raise UnknownFieldError(entity, code)
    return row


def tables_of(entity: str) -> list[type[ScopedModel]]:
    """Return the tables that keep custom values of an entity: those that say so by `custom_entity`.

    A table may name by `custom_final` the rows that change no more; they need not bear another definition.
    """
    return [model for model in scoped_models() if getattr(model, "custom_entity", "") == entity]


def _values(entity: str, code: str) -> Iterator[Any]:
    """Return the value of a field in every row of its entity that may still change, a missing one as None."""
    for model in tables_of(entity):
        rows: QuerySet[Any] = model.objects.exclude(**getattr(model, "custom_final", {}))
        for row in rows.only("custom").iterator():
            yield row.custom.get(code)


def _require_fitting(row: CustomField) -> None:
    """Refuse a definition that stored values do not bear."""
    if not row.active:
        return
    wrong = sum(not _fits(row, value) for value in _values(row.entity, row.code))
    if wrong:
        raise StoredValuesError(row.entity, row.code, wrong)


def _fits(row: CustomField, value: Any) -> bool:
    if value is None:
        return not row.required or row.default is not None
    try:
        return bool(stored(row, value) == value)
    except FieldValueError:
        return False
