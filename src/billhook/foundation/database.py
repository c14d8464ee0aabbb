"""The database is started or checked, given its roles, and brought up to date."""

import os
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from billhook.foundation import embedded, guards
from billhook.foundation.addresses import APP, MAINTENANCE, OWNER, ROLES, parse_url, uses_embedded

OLDEST_SERVER = 150000
ROLE_SQL = """
do $$ begin
    if not exists (select from pg_roles where rolname = 'billhook_owner') then
        create role billhook_owner createdb;
    end if;
    if not exists (select from pg_roles where rolname = 'billhook_app') then create role billhook_app; end if;
    if not exists (select from pg_roles where rolname = 'billhook_maintenance') then
        create role billhook_maintenance bypassrls;
    end if;
end $$
"""


class DatabaseNotReadyError(RuntimeError):
    """Raised when the database answers but cannot be used; the message says what to do."""


def ensure_roles() -> None:
    """Create the three roles on a server that is not ours, and let the login take them on.

    Needs a login that may create roles, once; an operator may create them beforehand instead.
    """
    settings = parse_url(os.environ["DATABASE_URL"])
    with _plain(settings) as connection:
        try:
            connection.execute(ROLE_SQL)
            for role in ROLES.values():
                connection.execute(f"grant {role} to current_user")
            connection.execute(f'grant create, connect, temporary on database "{settings["NAME"]}" to {OWNER}')
            connection.execute(f"grant all on schema public to {OWNER}")
            connection.execute(f"grant usage on schema public to {APP}, {MAINTENANCE}")
        except psycopg.errors.InsufficientPrivilege as error:
            message = (
                "The login of DATABASE_URL may not create the roles billhook_owner, billhook_app and "
                f"billhook_maintenance: create them and grant them to it ({error.diag.message_primary})."
            )
            raise DatabaseNotReadyError(message) from error


def ensure_running() -> None:
    """Start the embedded server where it is ours and asleep; elsewhere check that the server answers and is new enough.

    Raises:
        DatabaseNotReadyError: the server does not answer or is too old.
        embedded.EmbeddedError: our own server cannot be started.
    """
    if uses_embedded():
        embedded.server().start()
        return
    try:
        with _plain(parse_url(os.environ["DATABASE_URL"])) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        message = (
            f"No database answers at DATABASE_URL: start it or correct the address ({str(error).splitlines()[0]})."
        )
        raise DatabaseNotReadyError(message) from error
    if version < OLDEST_SERVER:
        message = f"The database is PostgreSQL {version // 10000}; Billhook needs 15 or newer: upgrade the server."
        raise DatabaseNotReadyError(message)


def _plain(settings: dict[str, Any]) -> psycopg.Connection[Any]:
    return psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        autocommit=True,
    )


def pending_migrations() -> bool:
    """Return whether the tables are behind this version of Billhook."""
    executor = MigrationExecutor(connections["default"])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate(*, verbosity: int = 0) -> None:
    """Bring the tables up to date as the owner, then install the guards; safe to run at any time and twice."""
    if not uses_embedded() and not os.environ.get("DATABASE_URL_OWNER"):
        ensure_roles()
    call_command("migrate", database="owner", interactive=False, verbosity=verbosity)
    guards.install()
    connections["owner"].close()
