"""The text of an API key: `bh_`, a prefix by which it is found, and a secret of which only a hash is kept."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from billhook.foundation.models.doors import ApiKey

WRITTEN = re.compile(r"bh_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as a program sends it."""

    prefix: str
    secret: str

    def __str__(self) -> str:
        """Return the whole key; show it once and store it nowhere."""
        return f"bh_{self.prefix}_{self.secret}"

    @property
    def digest(self) -> str:
        """Return the hash that is kept; a secret of 256 random bits needs no slow one."""
        return hashlib.sha256(str(self).encode()).hexdigest()


def new_key() -> KeyText:
    """Return a key that nobody has."""
    return KeyText(secrets.token_hex(6), secrets.token_urlsafe(32))


def owner_of(text: str) -> ApiKey | None:
    """Return the working key that a text is, with company and role; None where it is none."""
    match = WRITTEN.fullmatch(text)
    if match is None:
        return None
    given = KeyText(match[1], match[2])
    found = ApiKey.objects.select_related("company", "role").filter(prefix=given.prefix, revoked_at=None).first()
    return found if found is not None and hmac.compare_digest(found.digest, given.digest) else None
