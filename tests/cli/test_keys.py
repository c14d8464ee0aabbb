"""Keys for programs and the public sign-up page, from the terminal."""

import re

from tests.cli.test_commands import DONE, REFUSED, billhook
from tests.processes import run_python

BOOKS = """
import sys
from pathlib import Path
from tests.builders import make_books
from billhook.foundation.operations import define_role
from billhook.foundation.permissions import all_permissions

make_books(Path(sys.argv[1]))
define_role(code="sales", name="Sales", permissions=all_permissions())
"""
OWNER = """
import sys
from billhook.foundation.keys import owner_of
from billhook.foundation.models import Company
print(owner_of(sys.argv[1]), Company.objects.get().public_sign_up)
"""


def test_a_key_is_shown_once_works_and_is_revoked(own_database, tmp_path):
    run_python(own_database, BOOKS, str(tmp_path))
    made = billhook(own_database, "key", "create", "web shop", "--role", "sales")
    assert made.returncode == DONE, made.stderr
    key = re.search(r"^bh_([0-9a-f]{12})_[\w-]{43}$", made.stdout, re.MULTILINE)
    assert run_python(own_database, OWNER, key[0]).split() == ["web", "shop", f"({key[1]})", "False"]
    assert "revoke it first" in billhook(own_database, "key", "create", "web shop", "--role", "sales").stderr
    unknown = billhook(own_database, "key", "create", "till", "--role", "boss")
    assert (unknown.returncode, "choose one of sales" in unknown.stderr) == (REFUSED, True)
    assert billhook(own_database, "key", "revoke", key[1]).returncode == DONE
    assert billhook(own_database, "key", "revoke", key[1]).returncode == REFUSED
    listed = billhook(own_database, "key", "list").stdout
    assert key[1] in listed
    assert key[0] not in listed
    assert run_python(own_database, OWNER, key[0]).split()[0] == "None"


def test_the_sign_up_page_is_opened_and_closed(own_database, tmp_path):
    run_python(own_database, BOOKS, str(tmp_path))
    refused = billhook(own_database, "signup", "open", "--account-type", "nobility")
    assert (refused.returncode, "no account type nobility" in refused.stderr) == (REFUSED, True)
    opened = billhook(own_database, "signup", "open", "--account-type", "business")
    assert "/kestrel/signup/PLAN" in opened.stdout
    assert run_python(own_database, OWNER, "nothing").split()[-1] == "True"
    assert billhook(own_database, "signup", "close").returncode == DONE
    assert run_python(own_database, OWNER, "nothing").split()[-1] == "False"
