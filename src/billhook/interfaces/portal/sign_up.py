"""The page on which people sign up by themselves: the plan, the first bill as the form is filled, and what comes next.

It takes no card number: a gateway offers cards to choose, or there is no card.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from billhook.catalog import queries as catalog
from billhook.catalog.queries import NotSoldError, PlanNotYetError, UnknownPlanError
from billhook.core.draft import bill
from billhook.core.errors import Refusal
from billhook.customers.operations.instruments import NewInstrument
from billhook.customers.operations.join import NewCustomer
from billhook.customers.queries import account_type, by_number, instruments
from billhook.customers.refusals import UnknownAccountTypeError
from billhook.foundation import answers, attempts, clock
from billhook.foundation.attempts import Limit
from billhook.foundation.events import Actor
from billhook.foundation.models import Company
from billhook.foundation.scope import company_scope
from billhook.interfaces.callers import address_of
from billhook.interfaces.console.access import public
from billhook.interfaces.console.once import SOUND_KEY
from billhook.interfaces.portal import given, wording
from billhook.interfaces.portal.countries import countries
from billhook.interfaces.portal.given import Asked, Given
from billhook.interfaces.portal.wording import FirstBill
from billhook.interfaces.signing_up import checked, previewed
from billhook.orders.operations.sign_up import SignUp, sign_up
from billhook.orders.queries import agreement
from billhook.payments.queries import CardsOffered, cards_offered

PREVIEWS = Limit(what="sign-up preview", most=120, within=timedelta(minutes=10))
SIGN_UPS = Limit(what="sign-up", most=10, within=timedelta(hours=1))
KEPT = "sign-up page {key}"
FRAGMENT, PAGE = "portal/bill.html", "portal/sign_up.html"
log = structlog.get_logger()

NOT_OFFERED = (UnknownAccountTypeError, UnknownPlanError, PlanNotYetError, NotSoldError)
NO_CARDS = CardsOffered(gateway="", choices=())


class TooManyError(Refusal):
    """Raised when an address sends the form too often."""

    def __init__(self) -> None:
        super().__init__("Too many forms came from your address: wait an hour, or write to us.")


class NotAPersonError(Refusal):
    """Raised when the field is filled that no person sees."""

    def __init__(self) -> None:
        super().__init__("This form could not be sent: reload the page, fill in what you see and send it again.")


class NoCardFieldError(Refusal):
    """Raised when a company asks for a card and its gateway has no field for one."""

    def __init__(self, company: Company, gateway: str) -> None:
        whose = f"the gateway {gateway} offers no card field" if gateway else "no payment gateway is active"
        super().__init__(
            f"{company.name} asks for a card, and {whose}: nobody can sign up here yet. Please write to us."
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """A company's plan as it is offered to the public, in which currency, and how its page asks for a card."""

    company: Company
    plan: Any
    currency: str
    asked: Asked

    @property
    def actor(self) -> Actor:
        """Return who does what the page does."""
        return Actor(kind="system", name="sign-up page")

    @property
    def at(self) -> datetime:
        """Return the company's time."""
        return clock.company_now(self.company)

    @property
    def today(self) -> date:
        """Return the company's local date."""
        return clock.company_today(self.company)

    def url(self, name: str, *more: str) -> str:
        """Return the address of a page of this offer."""
        return reverse(f"portal:{name}", args=[self.company.code, self.plan.code, *more])

    def wanted(self, typed: Given) -> SignUp:
        """Return what a filled form asks for; a name that is not typed yet makes no difference to a bill."""
        label = {choice.token: choice.label for choice in self.asked.cards.choices}.get(typed["card"], "")
        return SignUp(
            customer=NewCustomer(
                number="",
                name=typed["name"] or "New customer",
                account_type=self.company.sign_up_account_type,
                email=typed["email"],
                address=typed["address"],
                country=typed["country"],
                vat_id=typed["vat_id"],
                first_day=self.today,
            ),
            plan=self.plan.code,
            instrument=NewInstrument(token=typed["card"], label=label[:80]) if label else None,
        )


def offer_of(company: str, plan: str, *, choose: bool = True) -> Offer:
    """Return what is offered at an address, with the cards to choose from where one is chosen; call it in no scope.

    Raises:
        Http404: no such company, or no such plan that is sold today, or nobody may sign up by themselves.
    """
    found = Company.objects.filter(code=company, public_sign_up=True).first()
    if found is None:
        raise Http404
    with company_scope(found):
        try:
            one = catalog.plan_by_code(plan, on=clock.company_today(found))
            kind = account_type(found.sign_up_account_type)
        except NOT_OFFERED as refused:
            raise Http404 from refused
        cards = cards_offered() if choose else NO_CARDS
    structlog.contextvars.bind_contextvars(company=company)
    return Offer(found, one, kind.currency, Asked(cards, card_needed=not found.sign_up_without_card))


@public
def form(request: HttpRequest, company: str, plan: str) -> HttpResponse:
    """Show the form, and sign somebody up who has filled it."""
    offer = offer_of(company, plan)
    if request.method in {"GET", "HEAD"}:
        return _page(request, offer, given.read({}, uuid.uuid4().hex))
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    typed = given.read(request.POST, request.POST.get("key", ""))
    errors = given.errors_in(typed, offer.asked)
    if errors:
        return _page(request, replace(offer, asked=replace(offer.asked, errors=errors)), typed, status=422)
    try:
        _check(request, offer, typed)
        _sign_up_once(offer, typed)
    except TooManyError as refusal:
        return _page(request, offer, typed, error=str(refusal), status=429)
    except Refusal as refusal:
        return _page(request, offer, replace(typed, key=uuid.uuid4().hex), error=str(refusal), status=409)
    return HttpResponseRedirect(offer.url("signed-up", typed.key))


def _check(request: HttpRequest, offer: Offer, typed: Given) -> None:
    """Refuse what cannot be signed up whatever was typed."""
    if typed.trapped or not SOUND_KEY.fullmatch(typed.key):
        raise NotAPersonError
    if offer.asked.is_closed:
        raise NoCardFieldError(offer.company, offer.asked.cards.gateway)
    if not attempts.passes(SIGN_UPS, address_of(request), at=clock.now()):
        raise TooManyError


def _sign_up_once(offer: Offer, typed: Given) -> None:
    """Sign up, once however often the form is sent."""
    key = KEPT.format(key=typed.key)
    with company_scope(offer.company):
        if answers.claim(key, "", now=clock.now()) is not None:
            return
        wanted = checked(offer.wanted(typed), today=offer.today)
        made = sign_up(request=wanted, actor=offer.actor, at=offer.at)
        told = {"customer": made.customer.number, "order": made.order.number}
        answers.keep(key, status=303, body=json.dumps(told).encode())


@public
def first_bill(request: HttpRequest, company: str, plan: str) -> HttpResponse:
    """Show the first bill of what was filled so far: alone where only that is asked for, else on its page."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    offer = offer_of(company, plan)
    typed = given.read(request.POST, request.POST.get("key", ""))
    found, why_not = _previewed(request, offer, typed)
    shown = {"bill": found, "why_not": why_not, "asked": True}
    if getattr(request, "htmx", False):
        return render(request, FRAGMENT, shown)
    return _page(request, offer, typed, shown=shown)


def _previewed(request: HttpRequest, offer: Offer, typed: Given) -> tuple[FirstBill | None, str]:
    """Return the first bill, or why there is none to show."""
    if not attempts.passes(PREVIEWS, address_of(request), at=clock.now()):
        return None, str(TooManyError())
    known = {name: text[: given.LENGTHS.get(name, ("", 200))[1]] for name, text in typed.fields.items()}
    if known["country"] not in countries():
        known["country"] = ""
    try:
        with company_scope(offer.company):
            wanted = offer.wanted(replace(typed, fields=known))
            draft = previewed(wanted, today=offer.today, actor=offer.actor, at=offer.at)
    except Refusal as refusal:
        return None, str(refusal)
    return wording.first_bill(draft), ""


@public
def done(request: HttpRequest, company: str, plan: str, key: str) -> HttpResponse:
    """Show who has just signed up the first bill and what happens next; only their form knows this address."""
    offer = offer_of(company, plan, choose=False)
    with company_scope(offer.company), timezone.override(offer.company.zone):
        kept = answers.kept(KEPT.format(key=key)) if SOUND_KEY.fullmatch(key) else None
        if kept is None:
            raise Http404
        told: Mapping[str, str] = json.loads(bytes(kept.body))
        customer = by_number(told["customer"])
        is_first = customer.next_invoice_on == customer.cycle_anchor
        draft = bill(agreement(customer), (), customer.next_invoice_on) if is_first else None
        context = {
            **_context(offer),
            "customer": customer,
            "order": told["order"],
            "with_card": next((one.label for one in instruments(customer)), ""),
            "bill": wording.first_bill(draft),
            "issued": not is_first,
            "asked": True,
        }
        return render(request, "portal/signed_up.html", context)


def _page(
    request: HttpRequest,
    offer: Offer,
    typed: Given,
    *,
    error: str = "",
    status: int = 200,
    shown: Mapping[str, object] | None = None,
) -> HttpResponse:
    """Return the page with its form as it was filled."""
    closed = ""
    if offer.asked.is_closed:
        closed = str(NoCardFieldError(offer.company, offer.asked.cards.gateway))
    with company_scope(offer.company), timezone.override(offer.company.zone):
        context = {
            **_context(offer),
            "fields": given.fields_of(typed, offer.asked),
            "wrong": len(offer.asked.errors),
            "trap": given.TRAP,
            "key": typed.key,
            "error": error,
            "closed": closed,
            "by_invoice": not offer.asked.cards.choices,
            "form_url": offer.url("sign-up"),
            "bill_url": offer.url("first-bill"),
            **(shown or {}),
        }
        return render(request, PAGE, context, status=status)


def _context(offer: Offer) -> dict[str, object]:
    """Return what every page of an offer shows; call it in the company's scope."""
    company = offer.company
    items = list(offer.plan.items.select_related("product"))
    prices = catalog.current_prices([item.product for item in items], on=offer.today)
    return {
        "company": company,
        "plan": offer.plan,
        "plan_lines": wording.plan_lines(items, prices, offer.currency),
    }
