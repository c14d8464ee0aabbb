"""What stands around every page of a company: side bar, company switcher, test clock, the person."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render as render_template
from django.urls import reverse

from billhook.billing import permissions as billing
from billhook.catalog import permissions as catalog
from billhook.customers import permissions as customers
from billhook.dunning import permissions as dunning
from billhook.foundation.permissions import MOVE_CLOCK, VIEW_AUDIT, Permission
from billhook.interfaces.console.access import Visit
from billhook.interfaces.console.components import PageHead, Tone
from billhook.interfaces.console.pages import CompanyChoice, NavItem, NavSection, Shell
from billhook.interfaces.console.views import words
from billhook.interfaces.console.views.listing import asked
from billhook.invoicing import permissions as invoicing
from billhook.mediation import permissions as mediation
from billhook.notifications import permissions as notifications
from billhook.orders import permissions as orders
from billhook.payments import permissions as payments
from billhook.reports.queries import Waiting, waiting


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the side bar: the page's name among the addresses, its icon, and who may see it.

    `waits` names the count of `Waiting` that stands beside it.
    """

    label: str
    page: str
    icon: str
    permission: Permission
    waits: str = ""
    tone: Tone = Tone.WARN


PLACES = (
    ("", (Place("Overview", "overview", "layout-dashboard", invoicing.VIEW),)),
    (
        "Customers",
        (
            Place("Customers", "customers", "users", customers.VIEW),
            Place("Orders", "orders", "repeat", orders.VIEW),
            Place("Catalog", "catalog", "package", catalog.VIEW),
        ),
    ),
    (
        "Billing",
        (
            Place("Billing runs", "runs", "play", billing.VIEW, "runs"),
            Place("Invoices", "invoices", "file-text", invoicing.VIEW),
            Place("Payments", "payments", "credit-card", payments.VIEW),
            Place("Collections", "collections", "triangle-alert", dunning.VIEW, "late", Tone.BAD),
        ),
    ),
    ("Usage", (Place("Mediation", "mediation", "cpu", mediation.VIEW, "suspense"),)),
    (
        "Operate",
        (
            Place("Messages", "messages", "mail", notifications.VIEW),
            Place("Audit log", "audit", "shield", VIEW_AUDIT),
        ),
    ),
)


def shell_for(visit: Visit, current: str, counts: Waiting) -> Shell:
    """Return the shell with one page marked as the current one."""
    company, sections = visit.company, [_section(visit, label, places, current, counts) for label, places in PLACES]
    return Shell(
        company_name=company.name,
        company_note=words.listed(["Sandbox" if company.sandbox else "", company.currency]),
        sandbox=company.sandbox,
        clock_text=words.day(visit.today),
        nav=tuple(section for section in sections if section.items),
        person_initials=words.initials(visit.person.name),
        person_name=visit.person.name,
        search_url=visit.url("search"),
        sign_out_url=reverse("console:sign-out"),
        home_url=visit.url("overview"),
        clock_url=visit.url("clock") if visit.may(MOVE_CLOCK) else "",
        companies=_choices(visit),
        query=asked(visit.request),
    )


def first_place(codes: frozenset[str]) -> str:
    """Return the name of the first page that a role may see: where somebody arrives who has just signed in."""
    places = [place for _, group in PLACES for place in group if place.permission.code in codes]
    return places[0].page if places else "overview"


def _section(visit: Visit, label: str, places: tuple[Place, ...], current: str, counts: Waiting) -> NavSection:
    items = tuple(
        NavItem(
            place.label,
            visit.url(place.page),
            place.icon,
            current=place.label == current,
            count=getattr(counts, place.waits) if place.waits else 0,
            tone=place.tone,
        )
        for place in places
        if visit.may(place.permission)
    )
    return NavSection(label, items)


def _choices(visit: Visit) -> tuple[CompanyChoice, ...]:
    """Return the companies to switch between, none where there is but one."""
    if len(visit.companies) == 1:
        return ()
    return tuple(
        CompanyChoice(
            company.name, reverse("console:overview", args=[company.code]), current=company.pk == visit.company.pk
        )
        for company in visit.companies
    )


def render(visit: Visit, template: str, current: str, page: PageHead, **context: object) -> HttpResponse:
    """Return a page of a company.

    Args:
        visit: whose.
        template: its name among the console's templates, without ending.
        current: the label of the side bar's entry to which the page belongs.
        page: its head.
        context: what the template promises to find.
    """
    shell = shell_for(visit, current, waiting())
    return render_template(visit.request, f"console/{template}.html", {"shell": shell, "page": page, **context})
