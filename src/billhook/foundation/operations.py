"""What can happen to companies, people and clocks."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from billhook.core.errors import Refusal
from billhook.foundation import clock, draining, keys
from billhook.foundation.constraints import refusing
from billhook.foundation.draining import JobsFailedError
from billhook.foundation.events import Actor, emit
from billhook.foundation.happenings import (
    ApiKeyCreated,
    ApiKeyRevoked,
    ClockAdvanced,
    CompanyCreated,
    MemberAdded,
    SignUpClosed,
    SignUpOpened,
)
from billhook.foundation.keys import KeyText
from billhook.foundation.models import ApiKey, Company, Membership, Person, Role, SignInLink
from billhook.foundation.permissions import Permission
from billhook.foundation.scope import company_scope

LINK_LASTS = timedelta(hours=12)


class NotASandboxError(Refusal):
    """Raised when the clock of a live company is to be moved."""

    def __init__(self, company: Company) -> None:
        super().__init__(f"{company.name} is a live company: only the clock of a sandbox can be moved.")


class ClockBackwardsError(Refusal):
    """Raised when a clock is to be moved back."""

    def __init__(self, company: Company, to: datetime) -> None:
        super().__init__(f"The clock of {company.name} stands at {company.clock_at}; it cannot go back to {to}.")


class BadLinkError(Refusal):
    """Raised when a sign-in link is unknown, used or too old."""

    def __init__(self) -> None:
        super().__init__("This sign-in link has been used or is too old: ask for a new one, or sign in by password.")


class KeyNameTakenError(Refusal):
    """Raised when a working API key of the company has a name already."""

    def __init__(self, name: str) -> None:
        super().__init__(f"A working API key is called {name} already: revoke it first, or choose another name.")


class UnknownKeyError(Refusal):
    """Raised when no working API key of a company has a prefix."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"No working API key has the prefix {prefix}: billhook key list shows those there are.")


class NoAccountTypeError(Refusal):
    """Raised when people are to sign up by themselves and nothing says as what kind of customer."""

    def __init__(self) -> None:
        super().__init__("Name the account type that people who sign up by themselves get.")


@transaction.atomic
def create_company(*, company: Company, actor: Actor, at: datetime) -> Company:
    """Set up a company from an unsaved row."""
    company.full_clean()
    company.save(force_insert=True)
    with company_scope(company):
        emit(CompanyCreated(code=company.code, company_name=company.name), actor=actor, at=at)
    return company


@transaction.atomic
def define_role(*, code: str, name: str, permissions: Iterable[Permission]) -> Role:
    """Create a role, or give an existing one exactly these permissions. Roles belong to the installation."""
    codes = sorted(permission.code for permission in permissions)
    role, _ = Role.objects.update_or_create(code=code, defaults={"name": name, "permissions": codes})
    return role


@transaction.atomic
def add_member(
    *, company: Company, email: str, name: str, role: Role, actor: Actor, at: datetime, password: str | None = None
) -> Person:
    """Give somebody a role in a company, creating the person if there is none with that e-mail address."""
    person = Person.objects.filter(email=email.lower()).first()
    if person is None:
        person = Person.objects.create_person(email=email, name=name, password=password)
    Membership.objects.update_or_create(person=person, company=company, defaults={"role": role})
    with company_scope(company):
        emit(MemberAdded(email=person.email, role=role.code), actor=actor, at=at)
    return person


def make_sign_in_link(*, person: Person) -> str:
    """Return a token that signs a person in once within twelve hours; only its hash is stored."""
    token = secrets.token_urlsafe(24)
    SignInLink.objects.create(
        person=person, digest=hashlib.sha256(token.encode()).hexdigest(), expires_at=clock.now() + LINK_LASTS
    )
    return token


@transaction.atomic
def use_sign_in_link(*, token: str) -> Person:
    """Return whose link this is and mark it as used.

    Raises:
        BadLinkError: unknown, used or too old.
    """
    digest = hashlib.sha256(token.encode()).hexdigest()
    link = SignInLink.objects.select_for_update().select_related("person").filter(digest=digest).first()
    if link is None or link.used_at is not None or link.expires_at < clock.now() or not link.person.is_active:
        raise BadLinkError
    link.used_at = clock.now()
    link.save(update_fields=["used_at"])
    return link.person


@transaction.atomic
def create_api_key(*, company: Company, name: str, role: Role, actor: Actor, at: datetime) -> KeyText:
    """Give a program a key to one company, with a role's permissions; the text cannot be had again.

    Raises:
        KeyNameTakenError: a working key of the company has the name.
    """
    text = keys.new_key()
    new = ApiKey(
        company=company,
        name=name.strip(),
        role=role,
        prefix=text.prefix,
        digest=text.digest,
        created_at=at,
        created_by=actor.name,
    )
    new.clean_fields()
    with refusing(api_key_name_once=KeyNameTakenError(new.name)):
        new.save(force_insert=True)
    with company_scope(company):
        emit(ApiKeyCreated(key_name=new.name, prefix=new.prefix, role=role.code), actor=actor, at=at)
    return text


@transaction.atomic
def revoke_api_key(*, company: Company, prefix: str, actor: Actor, at: datetime) -> ApiKey:
    """Take a key back: no request that begins after this gets in by it.

    Raises:
        UnknownKeyError: no working key of the company has the prefix.
    """
    found = ApiKey.objects.select_for_update().filter(company=company, prefix=prefix, revoked_at=None).first()
    if found is None:
        raise UnknownKeyError(prefix)
    found.revoked_at = at
    found.save(update_fields=["revoked_at"])
    with company_scope(company):
        emit(ApiKeyRevoked(key_name=found.name, prefix=found.prefix), actor=actor, at=at)
    return found


@transaction.atomic
def open_sign_up(*, company: Company, account_type: str, without_card: bool, actor: Actor, at: datetime) -> None:
    """Let people sign up by themselves on the hosted page.

    Args:
        company: whose page.
        account_type: the code of the account type that they get.
        without_card: whether they may leave out a card.
        actor: who opens the page.
        at: when.

    Raises:
        NoAccountTypeError: no account type is named.
    """
    if not account_type.strip():
        raise NoAccountTypeError
    company.public_sign_up, company.sign_up_without_card = True, without_card
    company.sign_up_account_type = account_type.strip()
    company.save(update_fields=["public_sign_up", "sign_up_without_card", "sign_up_account_type"])
    with company_scope(company):
        card = "a card may be left out" if without_card else "a card is needed"
        emit(SignUpOpened(account_type=company.sign_up_account_type, card=card), actor=actor, at=at)


@transaction.atomic
def close_sign_up(*, company: Company, actor: Actor, at: datetime) -> None:
    """Let nobody sign up by themselves any more; a page that is closed already stays so, and nothing more happens."""
    if Company.objects.filter(pk=company.pk, public_sign_up=True).update(public_sign_up=False):
        company.public_sign_up = False
        with company_scope(company):
            emit(SignUpClosed(), actor=actor, at=at)


def advance_clock(*, company: Company, to: datetime, actor: Actor) -> int:
    """Move a sandbox company's clock on, running everything that falls due on the way, and return how many items ran.

    Each item runs in its own transaction at its own time, so this is no transaction of its own; interrupted, it can
    simply be called again.

    Raises:
        NotASandboxError: the company is live.
        ClockBackwardsError: `to` lies before the clock.
        JobsFailedError: jobs failed on the way; the clock was moved all the same.
    """
    if not company.sandbox or company.clock_at is None:
        raise NotASandboxError(company)
    if to < company.clock_at:
        raise ClockBackwardsError(company, to)
    ran = draining.run_until(company, to)
    with company_scope(company):
        draining.move_clock(company, to)
        emit(ClockAdvanced(to=to), actor=actor, at=to)
    if ran.failed_jobs:
        raise JobsFailedError(ran.failed_jobs)
    return ran.items
