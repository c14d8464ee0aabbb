"""The database's three roles, and how each reaches it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import LiteralString
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

DATABASE = "billhook"
PROOF = "scram-sha-256"
"""A server proves that it knows the password: an impostor at the same path is not told it."""


class Role(StrEnum):
    """Who may do what in the database."""

    OWNER = "billhook_owner"
    APP = "billhook_app"
    MAINTENANCE = "billhook_maintenance"


RIGHTS: dict[Role, LiteralString] = {
    Role.OWNER: "login createdb nosuperuser",
    Role.APP: "login nosuperuser nobypassrls",
    Role.MAINTENANCE: "login bypassrls nosuperuser",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One role's way into one database of the server."""

    host: str
    port: int
    user: str
    password: str
    database: str

    @property
    def url(self) -> str:
        """Return the address as psycopg, procrastinate and DATABASE_URL take it."""
        where = urlencode({"host": self.host, "port": self.port, "require_auth": PROOF})
        return f"postgresql://{quote(self.user)}:{quote(self.password)}@/{quote(self.database)}?{where}"

    @property
    def settings(self) -> dict[str, str]:
        """Return the address as Django's DATABASES takes it."""
        return {
            "NAME": self.database,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": str(self.port),
        }

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """Return a new connection, each statement its own transaction.

        Raises:
            psycopg.OperationalError: the server does not answer, or refuses.
        """
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.database,
            connect_timeout=5,
            require_auth=PROOF,
            autocommit=True,
        )


def missing(connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
    """Return what the server still lacks: roles by name, the database, its closed door."""
    known = {row[0] for row in connection.execute("select rolname from pg_roles")}
    database = connection.execute("select datacl is null from pg_database where datname = %s", [DATABASE]).fetchone()
    lacking = [str(role) for role in Role if role not in known]
    if database is None:
        lacking.append(f"database {DATABASE}")
    if database is None or database[0]:
        lacking.append("rights")
    return lacking


def provide(connection: psycopg.Connection[tuple[object, ...]], *, password: str) -> None:
    """Make the roles and the database that are missing; may be interrupted and repeated."""
    lacking = missing(connection)
    for role, rights in RIGHTS.items():
        if role in lacking:
            create = sql.SQL("create role {} password {} " + rights)
            connection.execute(create.format(sql.Identifier(role), sql.Literal(password)))
    database, owner = sql.Identifier(DATABASE), sql.Identifier(Role.OWNER)
    if f"database {DATABASE}" in lacking:
        create = sql.SQL("create database {} owner {} template template0 encoding 'UTF8'")
        connection.execute(create.format(database, owner))
    if "rights" in lacking:
        everyone = sql.SQL(", ").join(map(sql.Identifier, Role))
        with connection.transaction():
            connection.execute(sql.SQL("revoke connect on database {} from public").format(database))
            connection.execute(sql.SQL("grant connect on database {} to {}").format(database, everyone))
