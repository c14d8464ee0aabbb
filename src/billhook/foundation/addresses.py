"""Which database Billhook talks to, and as whom: read from the environment before Django is set up."""

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from billhook.core.errors import Refusal
from billhook.foundation import embedded

OWNER, APP, MAINTENANCE = "billhook_owner", "billhook_app", "billhook_maintenance"
ROLES = {"default": APP, "owner": OWNER, "maintenance": MAINTENANCE}


class BadDatabaseUrlError(Refusal):
    """Raised when DATABASE_URL is not a PostgreSQL address."""


def parse_url(url: str) -> dict[str, Any]:
    """Return Django's connection settings for `postgresql://user:password@host:port/name?option=value`.

    Raises:
        BadDatabaseUrlError: another scheme, or no database name.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or len(parts.path) <= 1:
        message = "DATABASE_URL must read postgresql://user:password@host:port/database."
        raise BadDatabaseUrlError(message)
    options = dict(parse_qsl(parts.query))
    return {
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": options,
    }


def _login(alias: str) -> dict[str, Any]:
    """Return the settings with which an alias logs in.

    With `DATABASE_URL` alone one login takes on the three roles (`set role`); `DATABASE_URL_OWNER` and
    `DATABASE_URL_MAINTENANCE` give each its own.
    """
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return {**embedded.server().settings(ROLES[alias]), "OPTIONS": {"require_auth": "scram-sha-256"}}
    own = os.environ.get(f"DATABASE_URL_{alias.upper()}", "")
    settings = parse_url(own or url)
    settings["OPTIONS"]["options"] = f"-c role={ROLES[alias]}"
    return settings


def uses_embedded() -> bool:
    """Return whether Billhook runs its own server, which is so when DATABASE_URL is not set."""
    return not os.environ.get("DATABASE_URL")


def databases() -> dict[str, dict[str, Any]]:
    """Return Django's DATABASES: `default` runs as app, `owner` migrates, `maintenance` sees every company."""
    found = {}
    for alias in ROLES:
        found[alias] = {**_login(alias), "ENGINE": "django.db.backends.postgresql", "CONN_HEALTH_CHECKS": True}
    found["default"]["CONN_MAX_AGE"] = 600
    return found


class OwnerMigrates:
    """A database router: only the owner's connection creates and changes tables."""

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        """Return whether migrations run on this alias."""
        del app_label, hints
        return db == "owner"
