"""The custom fields of one thing are checked together: everything that is wrong is said at once."""

from collections.abc import Iterable, Mapping, Sequence

from billhook.core.errors import Refusal
from billhook.foundation.custom_fields.values import FieldValueError, Stored, Typed, stored, typed
from billhook.foundation.models import CustomField


class CustomFieldsError(Refusal):
    """Raised when values are not what the definitions ask for; `problems` holds one phrase for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"Some custom fields are not right. {'; '.join(problems)}.")


def definitions(entity: str) -> list[CustomField]:
    """Return the fields of an entity in the order in which they are shown, also those that are retired."""
    return list(CustomField.objects.filter(entity=entity))


def checked(
    entity: str, values: Mapping[str, object], *, before: Mapping[str, Stored] | None = None
) -> dict[str, Stored]:
    """Return all values of one thing as they are stored.

    Args:
        entity: what it is, such as customer.
        values: what is given, by code; None or an empty text takes a value away.
        before: what is stored already, for a change; where nothing is, defaults are filled in.

    Raises:
        CustomFieldsError: a code is unknown or retired, a value is of the wrong type or form, or a required one is
            missing; all of these at once, and no value is repeated.
    """
    known = {definition.code: definition for definition in definitions(entity)}
    result, problems = dict(before or {}), []
    for code, value in values.items():
        definition = known.get(code)
        if definition is None or not definition.active:
            problems.append(_not_asked(entity, code, known, retired=definition is not None))
        elif value is None or (isinstance(value, str) and not value):
            result.pop(code, None)
        else:
            try:
                result[code] = stored(definition, value)
            except FieldValueError as wrong:
                problems.append(f"{definition.label} ({code}): {wrong}")
    problems += _fill(known.values(), result, values, first=before is None)
    if problems:
        raise CustomFieldsError(problems)
    return {code: result[code] for code in known if code in result}


def _fill(
    known: Iterable[CustomField], result: dict[str, Stored], given: Mapping[str, object], *, first: bool
) -> list[str]:
    """Fill in defaults, at first those of every field, later those of required ones; return what is missing."""
    missing = []
    for definition in known:
        code = definition.code
        if not definition.active or code in result:
            continue
        if definition.default is not None and (definition.required or (first and code not in given)):
            result[code] = definition.default
        elif definition.required and given.get(code) in (None, ""):
            missing.append(f"{definition.label} ({code}): fill it in, it is required")
    return missing


def _not_asked(entity: str, code: str, known: Mapping[str, CustomField], *, retired: bool) -> str:
    if retired:
        return f"{code}: this field is retired, leave it out"
    codes = ", ".join(one for one, definition in known.items() if definition.active) or "none"
    return f"{code}: there is no such field of a {entity}, the fields are {codes}"


def read(entity: str, values: Mapping[str, Stored]) -> dict[str, Typed]:
    """Return stored values by code in the types of their fields, in the order in which they are shown."""
    return {one.code: typed(one, values[one.code]) for one in definitions(entity) if one.code in values}
