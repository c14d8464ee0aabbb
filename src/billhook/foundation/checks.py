"""What `billhook doctor` looks at first: the interpreter, its packages, the database and the background jobs."""

import importlib.metadata
import sys

from django.db import OperationalError, connections
from procrastinate.contrib.django.models import ProcrastinateJob

from billhook.foundation import database, embedded
from billhook.foundation.addresses import uses_embedded
from billhook.foundation.embedded import Check


def installation_checks() -> list[Check]:
    """Return every check with what was found; none of them raises or changes anything."""
    found = [python_version(), packages()]
    found += embedded.checks() if uses_embedded() else [database_answers()]
    if all(check.ok for check in found):
        found += [tables(), failed_jobs()]
    return found


def python_version() -> Check:
    """Look at the interpreter."""
    version = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", sys.version_info >= (3, 11), version, "Install Python 3.11 or newer.")


def packages() -> Check:
    """Look for the packages that Billhook names."""
    missing = []
    for requirement in importlib.metadata.requires("billhook") or []:
        name = requirement.split(";")[0].split("[")[0].split("<")[0].split(">")[0].split("=")[0].strip()
        if "extra ==" not in requirement and not any(True for _ in importlib.metadata.Distribution.discover(name=name)):
            missing.append(name)
    return Check("Packages", not missing, "all installed" if not missing else ", ".join(missing), "Run make install.")


def database_answers() -> Check:
    """Look at the server behind DATABASE_URL."""
    try:
        database.ensure_running()
    except database.DatabaseNotReadyError as trouble:
        return Check("Database", False, str(trouble), "Start the server, or correct DATABASE_URL.")  # noqa: FBT003
    return Check("Database", True, "answers", "")  # noqa: FBT003


def tables() -> Check:
    """Look whether the tables are those of this version."""
    try:
        behind = database.pending_migrations()
    except OperationalError as trouble:
        return Check("Tables", False, str(trouble).splitlines()[0], "Run billhook migrate.")  # noqa: FBT003
    return Check("Tables", not behind, "behind this version" if behind else "up to date", "Run billhook migrate.")


def failed_jobs() -> Check:
    """Look for background jobs that failed."""
    with connections["default"].cursor() as cursor:
        cursor.execute("select to_regclass('procrastinate_jobs') is not null")
        there = cursor.fetchone()[0]
    failed = ProcrastinateJob.objects.filter(status="failed").count() if there else 0
    return Check("Jobs", not failed, f"{failed} failed", "Read the worker's log; mend the cause and retry them.")
