"""What a plugin may fill here: price models."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

from billhook.core.money import Currency
from billhook.core.price import PriceModel
from billhook.hooks.contract import Call, Hook
from billhook.hooks.registry import declare, find


class PriceModelPlugin(Protocol):
    """Turns validated parameters into a frozen price that the core can ask.

    The result must be pure: the same quantity always gives the same amount and derivation, no clock, no I/O. It
    raises a `Refusal` at construction for parameters that make no price.
    """

    def build(self, currency: Currency) -> PriceModel:
        """Return the price in a currency."""


PRICE_MODEL: Hook[PriceModelPlugin] = Hook(
    name="catalog.price_model",
    protocol=PriceModelPlugin,
    call=Call.FIRST_ANSWER,
    sentence="Turns a quantity into an amount.",
)
declare(PRICE_MODEL)


def filled(model: str, parameters: Mapping[str, Any]) -> PriceModelPlugin:
    """Return the plugin of a price model, with parameters that it has checked.

    Raises:
        UnknownPluginError: the model's plugin is not installed.
        Refusal: the parameters are none of the model.
    """
    plugin = find(PRICE_MODEL.name, model)
    return cast("PriceModelPlugin", plugin(plugin.Parameters(**parameters)))
