"""What the bundled price models share: the door at which parameters are checked, and the hook that they fill."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import ValidationError, model_validator

from billhook.catalog.hooks import PRICE_MODEL
from billhook.core.errors import Refusal
from billhook.core.exact import NotExactError
from billhook.core.price import PriceError
from billhook.hooks import contract

MOST_DECIMALS = 12
MOST_DIGITS = 30
DEEPEST = 40


class PriceParametersError(PriceError):
    """Raised when parameters are missing, unknown or of the wrong kind."""

    def __init__(self, wrong: ValidationError) -> None:
        """Name each parameter that is wrong, by its place."""
        found = "; ".join(_told(item["type"], item["loc"], item["msg"]) for item in wrong.errors())
        super().__init__(f"These parameters make no price ({found}): correct them.")


class TooDeepError(PriceError):
    """Raised when prices are nested too deep."""

    def __init__(self) -> None:
        """Say how deep they may be."""
        super().__init__(f"The parameters are nested more than {DEEPEST} deep: publish a simpler price.")


class TooLongFigureError(PriceError):
    """Raised when a figure has more decimals or digits than are kept."""

    def __init__(self, what: str) -> None:
        """Name the parameter."""
        super().__init__(f"{what} has more than {MOST_DECIMALS} decimals or {MOST_DIGITS} digits: round it first.")


class Part(contract.Parameters):
    """A part of the parameters of a price: decimals are text or whole numbers, never floats or truth values."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_floats(cls, data: Any) -> Any:
        for name, value in data.items() if isinstance(data, dict) else ():
            for figure in _within(value):
                if isinstance(figure, (float, bool)):
                    raise NotExactError(f"{name} is {figure!r}: give it as a decimal in text, such as '0.05'.")
        return data

    @model_validator(mode="after")
    def _refuse_long_figures(self) -> Self:
        for name, value in self:
            for figure in _within(value):
                if isinstance(figure, Decimal) and _is_long(figure):
                    raise TooLongFigureError(name)
        return self


class PriceParameters(Part):
    """All parameters of a price.

    Raises:
        PriceParametersError: some are missing, unknown or of the wrong kind.
        Refusal: what a validator or a nested price refuses comes as itself.
    """

    def __init__(self, /, **data: Any) -> None:
        """Check the parameters."""
        _refuse_depth(data)
        try:
            super().__init__(**data)
        except ValidationError as wrong:
            raise _refusal(wrong) from wrong


P = TypeVar("P", bound=contract.Parameters)


class CorePrice(Generic[P]):
    """What the bundled models share: the hook they fill and the parameters they keep."""

    hook: ClassVar[str] = PRICE_MODEL.name

    def __init__(self, parameters: P) -> None:
        """Take the validated parameters."""
        self.parameters = parameters


def _refusal(wrong: ValidationError) -> Refusal:
    """Return the refusal that a validator raised, or one that names every wrong parameter."""
    for item in wrong.errors():
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, Refusal):
            return cause
    return PriceParametersError(wrong)


def _told(kind: str, place: Iterable[int | str], message: str) -> str:
    """Return what is wrong with one parameter."""
    name = ".".join(str(step) for step in place)
    return {"missing": f"{name} is missing", "extra_forbidden": f"{name} is not known"}.get(kind, f"{name}: {message}")


def _within(value: object) -> Iterable[object]:
    """Return what a list or mapping holds, or the value alone."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else (value,)


def _refuse_depth(data: dict[str, Any]) -> None:
    """Refuse nesting that is too deep before anything is read, level by level."""
    level: list[object] = [data]
    for _ in range(DEEPEST):
        level = [inner for value in level if isinstance(value, (dict, list, tuple)) for inner in _within(value)]
        if not level:
            return
    raise TooDeepError


def _is_long(figure: Decimal) -> bool:
    """Return whether a finite figure is longer than what is kept."""
    exponent = figure.as_tuple().exponent
    return isinstance(exponent, int) and (exponent < -MOST_DECIMALS or figure.adjusted() >= MOST_DIGITS)
