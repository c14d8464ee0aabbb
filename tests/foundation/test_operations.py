"""Companies, people, roles and sign-in links."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from tests.builders import CLERK, OPENING, make_company

from billhook.core.errors import Refusal
from billhook.foundation import clock
from billhook.foundation import permissions as known
from billhook.foundation.models import Company, EventRecord, Membership, Person, SignInLink
from billhook.foundation.operations import (
    LINK_LASTS,
    BadLinkError,
    add_member,
    define_role,
    make_sign_in_link,
    use_sign_in_link,
)
from billhook.foundation.permissions import NotAllowedError, all_permissions, allowed
from billhook.foundation.queries import companies_of
from billhook.foundation.scope import company_scope

EMAIL = "operator@kestrel.example"


@pytest.fixture
def company(db):
    return make_company()


def member(company, email=EMAIL, permissions=(known.VIEW_AUDIT,), role="auditor"):
    role = define_role(code=role, name=role.title(), permissions=permissions)
    return add_member(company=company, email=email, name="Operator", role=role, actor=CLERK, at=OPENING)


def test_a_new_company_says_so_in_its_own_books(company):
    with company_scope(company):
        record = EventRecord.objects.get()
    assert (record.name, record.subject, record.at) == ("company.created", "kestrel", OPENING)


@pytest.mark.parametrize("wrong", [{"code": "no spaces please"}, {"code": ""}, {"code": "kestrel"}, {"name": ""}])
def test_a_company_that_makes_no_sense_is_refused(company, wrong):
    given = {"code": "merlin", **wrong}
    with pytest.raises(ValidationError), transaction.atomic():
        make_company(given.pop("code"), **given)
    assert list(Company.objects.all()) == [company]


def test_only_a_sandbox_has_a_clock_to_move(company):
    with pytest.raises(IntegrityError, match="company_clock_needs_sandbox"), transaction.atomic():
        Company.objects.filter(pk=company.pk).update(sandbox=False)


def test_a_member_is_one_person_in_many_companies_whatever_the_case(company):
    merlin = make_company("merlin")
    person = member(company)
    assert member(merlin, email=EMAIL.upper()) == person
    assert Person.objects.count() == 1
    assert member(company, role="administrator") == person
    assert [one.role.code for one in Membership.objects.filter(company=company)] == ["administrator"]
    with company_scope(company):
        assert [record.data["role"] for record in EventRecord.objects.filter(name="member.added").order_by("id")] == [
            "auditor",
            "administrator",
        ]


def test_a_role_allows_exactly_what_it_is_given_last(company):
    person = member(company, permissions=all_permissions())
    assert allowed(person, company) == {permission.code for permission in all_permissions()}
    define_role(code="auditor", name="Auditor", permissions=[known.VIEW_AUDIT])
    assert allowed(person, company) == {"foundation.view_audit"}


def test_a_role_reaches_down_the_tree_and_the_nearest_one_counts(company):
    child = make_company("reseller", parent=company)
    grandchild = make_company("shop", parent=child)
    stranger = make_company("merlin")
    person = member(company)
    assert allowed(person, grandchild) == {"foundation.view_audit"}
    assert allowed(person, stranger) == frozenset()
    member(child, permissions=[known.MOVE_CLOCK], role="mover")
    assert allowed(person, grandchild) == allowed(person, child) == {"foundation.move_clock"}
    assert allowed(person, company) == {"foundation.view_audit"}
    assert {one.code for one in companies_of(person)} == {"kestrel", "reseller", "shop"}


def test_what_is_not_allowed_says_what_to_ask_for():
    sentence = str(NotAllowedError(known.MOVE_CLOCK))
    assert "foundation.move_clock" in sentence
    assert "administrator" in sentence
    assert issubclass(NotAllowedError, Refusal)


def test_a_sign_in_link_works_once(company):
    person = member(company)
    token = make_sign_in_link(person=person)
    assert use_sign_in_link(token=token) == person
    with pytest.raises(BadLinkError, match="ask for a new one"):
        use_sign_in_link(token=token)


def test_only_the_hash_of_a_link_is_kept(company):
    token = make_sign_in_link(person=member(company))
    assert token not in str(SignInLink.objects.values().get())


@pytest.mark.parametrize("fault", ["unknown", "old", "inactive"])
def test_a_link_that_must_not_work_does_not(company, fault):
    person = member(company)
    token = make_sign_in_link(person=person)
    if fault == "old":
        SignInLink.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    if fault == "inactive":
        Person.objects.update(is_active=False)
    with pytest.raises(BadLinkError):
        use_sign_in_link(token="guessed" if fault == "unknown" else token)
    assert SignInLink.objects.get().used_at is None


def test_a_link_lasts_twelve_hours(company):
    make_sign_in_link(person=member(company))
    left = SignInLink.objects.get().expires_at - clock.now()
    assert timedelta(hours=12) - timedelta(minutes=1) < left <= LINK_LASTS == timedelta(hours=12)


def test_a_companys_day_begins_where_it_lives(company):
    Company.objects.update(clock_at=OPENING.replace(hour=23, minute=30))
    company.refresh_from_db()
    assert clock.company_today(company).isoformat() == "2026-03-02"
    company.zone = "America/New_York"
    assert clock.company_today(company).isoformat() == "2026-03-01"
