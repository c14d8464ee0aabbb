"""Small pools of assets to test with: telephone numbers that usage names, and SIM cards that rest for a month."""

from tests.builders import CLERK, OPENING

from billhook.orders.asset_queries import asset_by_identifier, asset_type_by_code
from billhook.orders.models import OrderLine
from billhook.orders.operations.assets.create import (
    NewAssets,
    NewAssetType,
    create_asset_type,
    create_assets,
    identifiers_of,
)

BY = {"actor": CLERK, "at": OPENING}


def make_pools(numbers="31201234500-31201234509", cards="8931001-8931005"):
    """Create, in the company in scope, the types `did` and `sim`, and assets of both."""
    did = create_asset_type(
        new=NewAssetType(
            code="did",
            name="Telephone number",
            kind="number",
            products=("voice-line", "calls"),
            pattern="31[0-9]{9}",
            usage_kind="number",
            quarantine_days=30,
        ),
        **BY,
    )
    sim = create_asset_type(new=NewAssetType(code="sim", name="SIM card", kind="sim"), **BY)
    create_assets(kind=did, new=NewAssets(identifiers=identifiers_of(numbers), group="amsterdam"), **BY)
    create_assets(kind=sim, new=NewAssets(identifiers=identifiers_of(cards), group="shelf"), **BY)


def did(identifier="31201234500"):
    return asset_by_identifier(asset_type_by_code("did"), identifier)


def sim(identifier="8931001"):
    return asset_by_identifier(asset_type_by_code("sim"), identifier)


def voice_line(order="O-000001", position=1):
    return OrderLine.objects.get(order__number=order, position=position)
