"""The words of the plugin system: a hook, how its plugins are called, and what every plugin carries."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

P = TypeVar("P")


class Call(StrEnum):
    """How the plugins that fill a hook are asked."""

    FIRST_ANSWER = "first answer"
    ALL_ANSWERS = "all answers"
    PIPELINE = "pipeline"


@dataclass(frozen=True, slots=True)
class Hook(Generic[P]):
    """A decision that differs between businesses: its name, the Protocol `P` of its plugins, how they are asked."""

    name: str
    protocol: object
    call: Call
    sentence: str


class Parameters(BaseModel):
    """The base of every plugin's parameters: the source of its form, validation, API schema and reference page."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Plugin(Protocol):
    """What every plugin class carries; an instance of it is made with its validated parameters."""

    hook: ClassVar[str]
    code: ClassVar[str]
    title: ClassVar[str]
    Parameters: ClassVar[type[BaseModel]]

    def __init__(self, parameters: Any) -> None:
        """Take the validated parameters."""
