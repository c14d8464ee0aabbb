"""Commands about the keys by which programs get in, and about the page on which people sign up by themselves."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from billhook.customers.queries import account_type
from billhook.foundation.operations import close_sign_up, create_api_key, open_sign_up, revoke_api_key
from billhook.foundation.queries import api_keys, role_by_code
from billhook.foundation.scope import company_scope
from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import out
from billhook.interfaces.cli.words import CompanyOption

key = typer.Typer(help="The keys by which programs use the API.", no_args_is_help=True)
signup = typer.Typer(help="The page on which people sign up by themselves.", no_args_is_help=True)


@key.command()
def create(
    name: Annotated[str, typer.Argument(help="What the program is called.")],
    role: Annotated[str, typer.Option("--role", help="The code of the role whose permissions the key has.")],
    company: CompanyOption = "",
) -> None:
    """Create a key for one company and print it; it cannot be shown again."""
    subject = session.company(company)
    text = create_api_key(
        company=subject, name=name, role=role_by_code(role), actor=session.COMMAND_LINE, at=session.now(subject)
    )
    out.print(f"The key of {name} for {subject.name}; keep it safe, it is not shown again:", markup=False)
    out.print(str(text), markup=False, soft_wrap=True)


@key.command(name="list")
def list_keys(company: CompanyOption = "") -> None:
    """List the keys of a company by prefix, the revoked ones too."""
    table = Table("Prefix", "Name", "Role", "Created", "By", "Revoked", box=None)
    for found in api_keys(session.company(company)):
        table.add_row(
            found.prefix,
            escape(found.name),
            found.role.code,
            f"{found.created_at:%Y-%m-%d %H:%M}",
            escape(found.created_by),
            f"{found.revoked_at:%Y-%m-%d %H:%M}" if found.revoked_at else "",
        )
    out.print(table)


@key.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The key's prefix, as billhook key list shows it.")],
    company: CompanyOption = "",
) -> None:
    """Revoke a key: no request that begins after this gets in by it."""
    subject = session.company(company)
    found = revoke_api_key(company=subject, prefix=prefix, actor=session.COMMAND_LINE, at=session.now(subject))
    out.print(f"The key {found.name} ({found.prefix}) is revoked.", markup=False)


@signup.command(name="open")
def open_page(
    account: Annotated[str, typer.Option("--account-type", help="The account type that people get.")],
    company: CompanyOption = "",
    *,
    without_card: Annotated[bool, typer.Option("--without-card", help="Let people leave out a card.")] = False,
) -> None:
    """Let people sign up by themselves."""
    subject = session.company(company)
    with company_scope(subject):
        kind = account_type(account)
        open_sign_up(
            company=subject,
            account_type=kind.code,
            without_card=without_card,
            actor=session.COMMAND_LINE,
            at=session.now(subject),
        )
    out.print(f"The sign-up page is open: /{subject.code}/signup/PLAN, with the code of a plan.", markup=False)


@signup.command(name="close")
def close_page(company: CompanyOption = "") -> None:
    """Let nobody sign up by themselves any more."""
    subject = session.company(company)
    close_sign_up(company=subject, actor=session.COMMAND_LINE, at=session.now(subject))
    out.print("The sign-up page is closed.")
