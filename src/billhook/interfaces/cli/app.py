"""The command line, put together."""

import typer

from billhook.interfaces.cli import books, clocks, invoices, keys, runs, serving, usage

HELP = """Billhook bills: customers, orders, usage, invoices, payments, collections.

Every command ends with 0 when done, 2 for wrong words, 3 when refused with nothing changed, 4 when the surroundings
need something, and 5 when a check found faults.
"""

app = typer.Typer(help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich")
app.command()(serving.serve)
app.command()(serving.worker)
app.command()(books.migrate)
app.command()(books.doctor)
app.command()(books.verify)
app.add_typer(books.db, name="db")
app.add_typer(usage.mediation, name="mediation")
app.add_typer(runs.run, name="run")
app.add_typer(invoices.invoice, name="invoice")
app.add_typer(clocks.clock, name="clock")
app.add_typer(keys.key, name="key")
app.add_typer(keys.signup, name="signup")
