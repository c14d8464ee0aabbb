"""Collections: the board of customers who are late, by step, with what happens next and when."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.http import HttpResponse
from django.utils.timezone import localtime

from billhook.core.ageing import days_since_due
from billhook.dunning import permissions, queries
from billhook.dunning.queries import EpisodeRow, StepRow
from billhook.interfaces.console.access import Visit, page
from billhook.interfaces.console.components import PageHead, Pill, Tone
from billhook.interfaces.console.pages import BoardCard, BoardColumn
from billhook.interfaces.console.templatetags.console import count
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.shell import render
from billhook.payments.queries import next_retries

SHOWN = 200
TONES = (Tone.NEUTRAL, Tone.INFO, Tone.WARN, Tone.BAD)


@page(permissions.VIEW)
def collections(visit: Visit) -> HttpResponse:
    """Show who is late, in the column of the step that each has reached."""
    steps, episodes = list(queries.steps()), list(queries.episodes()[:SHOWN])
    overdue, retries = queries.overdue_by_customer(on=visit.today), next_retries()
    columns = [(0, "No step yet"), *((step.position, step.name) for step in steps)]
    board = [
        _column(
            visit,
            title,
            place,
            [(one, overdue.get(one.customer.number, {})) for one in episodes if one.step == position],
            steps,
            retries,
        )
        for place, (position, title) in enumerate(columns)
    ]
    note = f"{count(len(overdue), 'customer is,customers are')} late"
    if len(episodes) == SHOWN:
        note += f"; the {SHOWN} who have come furthest are shown"
    return render(visit, "collections", "Collections", PageHead("Collections", note=note), board=board, chips=())


def _column(
    visit: Visit,
    title: str,
    place: int,
    late: Sequence[tuple[EpisodeRow, Mapping[str, Decimal]]],
    steps: Sequence[StepRow],
    retries: Mapping[str, datetime],
) -> BoardColumn:
    totals: dict[str, Decimal] = {}
    for _, amounts in late:
        for code, amount in amounts.items():
            totals[code] = totals.get(code, Decimal(0)) + amount
    return BoardColumn(
        title,
        tuple(words.money(amount, code) for code, amount in sorted(totals.items())),
        tuple(_card(visit, one, amounts, steps, retries) for one, amounts in late),
        TONES[min(place, len(TONES) - 1)],
    )


def _card(
    visit: Visit,
    one: EpisodeRow,
    amounts: Mapping[str, Decimal],
    steps: Sequence[StepRow],
    retries: Mapping[str, datetime],
) -> BoardCard:
    due_on, retry = one.invoice.balance.due_on, retries.get(one.customer.number)
    following = next((step for step in steps if step.position > one.step), None)
    if following and one.next_at:
        next_step = f"{following.name} on {words.day(localtime(one.next_at).date())}"
    else:
        next_step = "No further step"
    late = count(days_since_due(due_on, visit.today), "day,days")
    return BoardCard(
        one.customer.name,
        visit.url("customer", one.customer.number),
        words.sums(amounts),
        f"{one.invoice.number} due {words.day(due_on)}, {late} late",
        next_step,
        Pill(f"Card retried on {words.day(localtime(retry).date())}", Tone.INFO) if retry else None,
    )
