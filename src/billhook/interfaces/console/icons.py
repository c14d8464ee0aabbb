"""The console's icons: inline SVG, drawn from the installed Lucide set."""

from __future__ import annotations

import functools

from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide


@functools.cache
def svg(name: str, size: int = 18) -> SafeString:
    """Return one icon as inline SVG, hidden from assistive technology because words always stand beside it.

    Args:
        name: the icon's name in the Lucide set, such as ``users``.
        size: the edge of the square in CSS pixels.

    Raises:
        lucide.IconDoesNotExist: when the set has no icon of that name.
    """
    attributes: dict[str, object] = {"class": "icon", "aria-hidden": "true", "focusable": "false"}
    return SafeString(lucide(name, size=size, stroke_width="1.75", **attributes))
