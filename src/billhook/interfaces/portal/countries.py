"""Countries by their ISO 3166-1 codes, as the time zone database names them."""

from functools import cache
from importlib.resources import files


@cache
def countries() -> dict[str, str]:
    """Return the English name of each country by its two letters, in the order of the names."""
    lines = files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text(encoding="utf-8").splitlines()
    named = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return dict(sorted(((code, name) for code, name in named), key=lambda one: one[1]))
