"""How names sort."""

import unicodedata


def sort_name(name: str) -> str:
    """Return the key by which a name sorts: case and accents do not count, so that order needs no database locale."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).strip()[:200]
