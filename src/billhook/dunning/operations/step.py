"""A customer is late: an episode opens, and its steps are taken one by one, each once."""

from datetime import date, datetime

from django.db import transaction
from pydantic import TypeAdapter

from billhook.catalog.models import Product
from billhook.core import ageing
from billhook.core.calendar import day_start, local_date
from billhook.core.money import Money, currency
from billhook.core.penalty import assess
from billhook.customers.models import Customer
from billhook.dunning.events import EpisodeOpened, StepTaken
from billhook.dunning.models import DunningEpisode, DunningStep
from billhook.dunning.operations.policy import Action, Penalise, Remind, RetryPayment, Suspend, penalty_of
from billhook.dunning.queries import ageing_steps, oldest_overdue, open_penalties, overdue_amount
from billhook.foundation.events import Actor, emit
from billhook.orders.operations.charge import add_charge
from billhook.orders.operations.suspend import suspend_all
from billhook.payments.operations.collect import start_collection

ACTIONS: TypeAdapter[list[Action]] = TypeAdapter(list[Action])


@transaction.atomic
def open_episode(*, customer: Customer, actor: Actor, at: datetime) -> DunningEpisode | None:
    """Open an episode for a customer's oldest overdue invoice; its first step is due at once or later.

    Returns:
        The episode; None when nothing is overdue or an episode is open already.
    """
    Customer.objects.select_for_update().get(pk=customer.pk)
    if DunningEpisode.objects.filter(customer=customer, state="open").exists():
        return None
    oldest = oldest_overdue(customer, on=local_date(at, customer.zone))
    if oldest is None:
        return None
    episode = DunningEpisode.objects.create(customer=customer, invoice=oldest.invoice, opened_at=at)
    episode.next_at = next_step_at(episode, oldest.due_on)
    episode.save(update_fields=["next_at"])
    emit(EpisodeOpened(customer=customer.number, invoice=oldest.invoice.number), actor=actor, at=at)
    return episode


def next_step_at(episode: DunningEpisode, due_on: date) -> datetime | None:
    """Return when an episode's next step is reached: the first instant of the day, where the customer lives."""
    step = ageing.following_step(ageing_steps(), done=episode.step)
    return day_start(ageing.reached_on(step, due_on), episode.customer.zone) if step else None


@transaction.atomic
def take_step(*, episode: DunningEpisode, actor: Actor, at: datetime) -> None:
    """Take the step of an episode that is reached, if any, and note when the next one is."""
    episode = (
        DunningEpisode.objects.select_for_update(of=("self",))
        .select_related("customer", "invoice__balance")
        .get(pk=episode.pk)
    )
    balance = episode.invoice.balance
    if episode.state != "open" or balance.state != "open":
        return
    days = ageing.days_since_due(balance.due_on, local_date(at, episode.customer.zone))
    reached = ageing.step_reached(ageing_steps(), done=episode.step, days=days)
    if reached is not None:
        step = DunningStep.objects.get(position=reached.position)
        episode.step = step.position
        announce(episode=episode, step=step, days=days, actor=actor, at=at)
        for action in ACTIONS.validate_python(step.actions):
            act(action, episode=episode, days=days, actor=actor, at=at)
    episode.next_at = next_step_at(episode, balance.due_on)
    episode.save(update_fields=["step", "next_at", "interest_days"])


def announce(*, episode: DunningEpisode, step: DunningStep, days: int, actor: Actor, at: datetime) -> None:
    """Tell that a step is taken; whoever writes notices takes the template from it."""
    templates = [action.template for action in ACTIONS.validate_python(step.actions) if isinstance(action, Remind)]
    customer = episode.customer
    emit(
        StepTaken(
            customer=customer.number,
            invoice=episode.invoice.number,
            position=step.position,
            step=step.name,
            template=templates[0] if templates else "",
            days=days,
            currency=customer.currency,
            overdue=overdue_amount(customer, on=local_date(at, customer.zone)),
        ),
        actor=actor,
        at=at,
    )


def act(action: Action, *, episode: DunningEpisode, days: int, actor: Actor, at: datetime) -> None:
    """Do one thing that a step asks for; reminders are sent by whoever hears of the step."""
    customer = episode.customer
    if isinstance(action, RetryPayment):
        start_collection(invoice=episode.invoice, actor=actor, at=at)
    elif isinstance(action, Penalise):
        penalise(action, episode=episode, days=days, actor=actor, at=at)
    elif isinstance(action, Suspend):
        suspend_all(customer=customer, reason=f"invoice {episode.invoice.number} is unpaid", actor=actor, at=at)


def penalise(action: Penalise, *, episode: DunningEpisode, days: int, actor: Actor, at: datetime) -> None:
    """Add the penalty on what is open of the overdue invoice as a charge that the next run bills; never on penalties.

    An invoice has an episode of its own, so no balance is penalised for another one's lateness; interest is charged
    once for each day of it.
    """
    balance, product = episode.invoice.balance, Product.objects.get(code=action.product)
    unit, interest = currency(balance.currency), action.kind == "interest"
    charge = assess(
        penalty_of(action, unit.code),
        balance=Money(balance.open_amount, unit),
        penalties=Money(open_penalties(balance), unit),
        days=days - episode.interest_days if interest else days,
        charged=Money.zero(unit),
    )
    if not charge.amount:
        return
    if interest:
        episode.interest_days = days
    add_charge(
        customer=episode.customer,
        product=product,
        amount=charge.amount.amount,
        description=f"{product.name}, invoice {episode.invoice.number}",
        actor=actor,
        at=at,
    )
