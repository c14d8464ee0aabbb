"""Runs a command with DATABASE_URL naming a PostgreSQL 15 of Debian's, started for it in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BINARIES = Path("/usr/lib/postgresql/15/bin")


def install() -> None:
    """Install Debian's package where that is possible."""
    if not BINARIES.is_dir() and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing PostgreSQL 15 …")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "-y", "--no-install-recommends", "postgresql-15"]):
            subprocess.run(["apt-get", "-qq", *words], env=environment, check=False, stdout=subprocess.DEVNULL)
    if not BINARIES.is_dir():
        sys.exit("PostgreSQL 15 is not here and could not be installed: apt-get install postgresql-15.")


def main() -> None:
    """Start the server, run the command, stop the server, and end with the command's code."""
    install()
    account = pwd.getpwnam("postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name)
    folder = Path(tempfile.mkdtemp(prefix="bh15"))
    os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o755)
    drop = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}

    def run(*words: str) -> None:
        subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL, **drop)

    data = str(folder / "data")
    run(f"{BINARIES}/initdb", "-D", data, "-U", "billhook", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
    options = f"-c listen_addresses= -k {folder} -c fsync=off -c synchronous_commit=off -c max_connections=100"
    run(f"{BINARIES}/pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
    try:
        url = f"postgresql://billhook@/postgres?host={folder}"
        code = subprocess.run(sys.argv[1:], env={**os.environ, "DATABASE_URL": url}, check=False).returncode
    finally:
        run(f"{BINARIES}/pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
