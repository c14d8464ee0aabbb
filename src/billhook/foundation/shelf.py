"""The same file names in every room; the ones that register something are loaded when Django is ready."""

from importlib.util import find_spec

SHELF = ("events", "hooks", "permissions", "jobs", "reactions", "due")


def has_file(room: str, name: str) -> bool:
    """Return whether a room has this file of the shelf."""
    return find_spec(f"{room}.{name}") is not None
