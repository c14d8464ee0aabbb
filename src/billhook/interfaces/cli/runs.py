"""Commands about billing runs: preview, commit, status."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from billhook.billing.operations.approve import approve_run, reject_run
from billhook.billing.operations.commit import commit_run
from billhook.billing.operations.start import compute_run, start_run
from billhook.billing.queries import changes, drafts, live_run, run_by_number, totals
from billhook.core.money import Money
from billhook.foundation.draining import drain
from billhook.foundation.scope import company_scope
from billhook.interfaces.cli import session
from billhook.interfaces.cli.outcome import Failure, out
from billhook.interfaces.cli.words import CompanyOption
from billhook.interfaces.given import a_date, a_reason

run = typer.Typer(help="Billing runs: preview, look at, commit.", no_args_is_help=True)


@run.command()
def preview(
    on: Annotated[str, typer.Option("--on", help="The bill date, such as 2026-04-01.")], company: CompanyOption = ""
) -> None:
    """Compute a run for review; nothing is issued. A live run for the date is shown, and first computed to its end."""
    subject, bill_date = session.company(company), a_date(on)
    with company_scope(subject):
        found = live_run(bill_date) or start_run(
            bill_date=bill_date, actor=session.COMMAND_LINE, at=session.now(subject)
        )
    # Done here and not left to the run's job, which may have given up.
    compute_run(company=subject, number=found.number, actor=session.COMMAND_LINE, at=found.started_at)
    drain()
    show(found.number, company=company)


@run.command()
def show(number: Annotated[str, typer.Argument(help="The run's number.")], company: CompanyOption = "") -> None:
    """Show a run: counters, totals for each currency, every draft, and how it differs from the last run."""
    with company_scope(session.company(company)):
        found = run_by_number(number)
        table = Table("Customer", "Name", "Bill", "State", "Why", box=None, title=escape(f"{number}: {found.state}"))
        why = {change.customer: change.why for change in changes(found)}
        for draft in drafts(found):
            amount = str(Money.of(draft.total, draft.currency)) if draft.currency else "—"
            reason = draft.reason or why.get(draft.customer.number, "")
            cells = (draft.customer.number, draft.customer.name, amount, draft.state, reason)
            table.add_row(*map(escape, cells))
        out.print(table)
        for code, total in totals(found).items():
            out.print(f"{found.counters.get('customers', 0)} customers, in all [bold]{Money.of(total, code)}[/]")


@run.command()
def commit(number: Annotated[str, typer.Argument(help="The run's number.")], company: CompanyOption = "") -> None:
    """Approve a reviewed run and issue its invoices; a run that was interrupted goes on, and is done at the end."""
    subject = session.company(company)
    with company_scope(subject):
        found = run_by_number(number)
        if found.state not in ("committing", "done"):
            approve_run(run=found, actor=session.COMMAND_LINE, at=session.now(subject))
    # Done here and not left to the run's job, which may have given up.
    commit_run(company=subject, number=number, actor=session.COMMAND_LINE)
    drain()
    with company_scope(subject):
        found = run_by_number(number)
    if found.state != "done":
        sentence = f"{number} is {found.state}, not done: see billhook run show, mend what is said there, commit again."
        raise Failure(sentence)
    out.print(f"{number} is done: {found.counters['issued']} invoices are issued.", markup=False)


@run.command()
def reject(
    number: Annotated[str, typer.Argument(help="The run's number.")],
    reason: Annotated[str, typer.Option("--reason", help="Why.")],
    company: CompanyOption = "",
) -> None:
    """Reject a run in review; nothing is issued, and its customers stay due."""
    subject = session.company(company)
    with company_scope(subject):
        reject_run(
            run=run_by_number(number), reason=a_reason(reason), actor=session.COMMAND_LINE, at=session.now(subject)
        )
    out.print(f"{number} was rejected.", markup=False)
