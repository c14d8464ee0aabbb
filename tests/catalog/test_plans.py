"""Plans in versions that never change, with everything that they are made of."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from tests.catalog.selling import BY, day, product, publish, statements, told

from billhook.catalog.models import Plan, PlanAllowance, PlanContent, PlanItem, PlanPhase, PlanTerm
from billhook.catalog.operations.plan_parts import (
    NewAllowance,
    NewCommitment,
    NewContent,
    NewPhase,
    NewPlanItem,
    NewTerm,
    PhasePrice,
    PlanPartError,
    PlanParts,
)
from billhook.catalog.operations.plans import (
    PlanCircleError,
    PlanOverlapError,
    PlanStatusError,
    create_plan,
    publish_plan_version,
    retire_plan,
)
from billhook.catalog.queries import (
    PlanNotYetError,
    UnknownPlanError,
    UnknownProductError,
    contract_of,
    core_phases,
    fee_of,
    included,
    ordered_items,
    phases_of,
    plan_by_code,
    plans,
    term_of,
    versions_of,
)
from billhook.catalog.queries.plans import contained_codes
from billhook.catalog.refusals import CodeError, CodeTakenError, UnknownOptionError
from billhook.core.allowance import AllowanceError, Counts, PartialCycle, RollOver
from billhook.core.cadence import Cadence, CadenceUnit
from billhook.core.cancellation import DecliningFee, FlatFee, PercentOfRest, PerRestingPeriod
from billhook.core.contract import ContractError, Renewal
from billhook.core.errors import Refusal
from billhook.core.money import Money, currency
from billhook.core.phases import place
from billhook.core.price.flat import Flat

pytestmark = pytest.mark.usefixtures("shop")

MONTHS, YEAR = Cadence(CadenceUnit.MONTH, 3), Cadence(CadenceUnit.YEAR)


def plan(code="voice", *, items=(), **parts):
    return create_plan(code=code, name=code.title(), items=items, parts=PlanParts(**parts), **BY)


def version(code="voice", valid_from="06-01", *, items=(), **parts):
    begins = day(valid_from)
    return publish_plan_version(
        code=code, name=code.title(), items=items, valid_from=begins, parts=PlanParts(**parts), **BY
    )


def contents(*codes):
    return tuple(NewContent(plan=code) for code in codes)


def test_the_version_in_force_on_the_day_is_ordered_and_the_first_stays_as_it_was():
    product()
    first = plan(items=[NewPlanItem(product="line", timing="in_advance")])
    second = version(items=[NewPlanItem(product="line", timing="in_arrears", cadence=YEAR)])
    version(valid_from="04-01")
    found = [plan_by_code("voice", on=day(text)).version for text in ("01-01", "03-31", "04-01", "06-01")]
    assert found == [1, 1, 3, 2]
    (item,) = first.items.all()
    assert (item.timing, item.cadence_unit) == ("in_advance", "month")
    assert [(item.timing, item.cadence_unit) for item in second.items.all()] == [("in_arrears", "year")]
    assert [found.version for found in versions_of("voice")] == [3, 2, 1]
    assert [found.version for found in plans()] == [3]
    assert told("plan.published")[0] == {"customer": "", "code": "voice", "version": 2, "valid_from": "2026-06-01"}


def test_a_plan_is_refused_by_name_before_it_begins_where_there_is_none_and_where_the_code_is_taken():
    with pytest.raises(UnknownPlanError, match="There is no plan gold: create it, or order another"):
        plan_by_code("gold", on=day("01-01"))
    with pytest.raises(UnknownPlanError):
        version("gold")
    plan()
    with pytest.raises(CodeTakenError, match="There is a plan voice already"):
        plan()
    with pytest.raises(CodeError):
        plan("plan:voice")
    with pytest.raises(UnknownOptionError, match="'retired' is no status of a new plan"):
        create_plan(code="old", name="Old", items=[], status="retired", **BY)
    Plan.objects.filter(code="voice").update(valid_from=day("02-01"))
    with pytest.raises(PlanNotYetError, match="The plan voice is not sold on 2026-01-31 yet"):
        plan_by_code("voice", on=day("01-31"))


def test_two_versions_of_one_day_and_versions_of_a_retired_plan_are_refused():
    plan()
    version()
    with pytest.raises(PlanOverlapError, match="A version of the plan voice begins on 2026-06-01 already"):
        version()
    retire_plan(code="voice", **BY)
    with pytest.raises(PlanStatusError, match="voice is retired and cannot become sold again"):
        version(valid_from="07-01")
    with pytest.raises(PlanStatusError):
        retire_plan(code="voice", **BY)
    assert Plan.objects.count() == 2


def test_parts_of_a_version_never_change():
    product()
    made = plan(
        items=[NewPlanItem(product="line", timing="in_advance")],
        allowances=(NewAllowance(code="minutes", name="Minutes", amount=Decimal(100)),),
        phases=(NewPhase(name="always", kind="evergreen"),),
        term=NewTerm(length=YEAR),
    )
    for part in (PlanItem, PlanAllowance, PlanPhase, PlanTerm):
        with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
            part.objects.filter(plan=made).delete()


def test_a_bundle_brings_everything_in_it_as_often_as_it_is_contained():
    for code in ("line", "router", "desk"):
        product(code)
    plan("inner", items=[NewPlanItem(product="line", timing="in_advance", quantity=Decimal("1.5"))])
    plan(
        "middle",
        items=[NewPlanItem(product="router", timing="in_advance")],
        contents=(NewContent(plan="inner", quantity=2),),
    )
    plan(
        "outer",
        items=[NewPlanItem(product="desk", timing="in_advance")],
        contents=(NewContent(plan="middle", quantity=3),),
    )
    outer = plan_by_code("outer", on=day("01-01"))
    with statements() as run:
        found = ordered_items(outer)
    assert [(item.plan.code, item.item.product.code, item.quantity) for item in found] == [
        ("outer", "desk", 1),
        ("middle", "router", 3),
        ("inner", "line", Decimal("9.0")),
    ]
    assert len(run) == 6
    assert contained_codes(outer) == {"middle", "inner"}


def test_a_bundle_keeps_the_version_that_it_was_made_with():
    plan("inner")
    outer = plan("outer", contents=contents("inner"))
    version("inner")
    assert [content.contained.version for content in outer.contents.all()] == [1]
    assert [content.contained.version for content in version("outer", contents=contents("inner")).contents.all()] == [2]


def test_a_plan_in_itself_is_refused_by_name():
    with pytest.raises(PlanCircleError, match="The plan a contains a: leave"):
        plan("a", contents=contents("a"))
    plan("a")
    plan("b", contents=contents("a"))
    plan("c", contents=contents("b"))
    with pytest.raises(PlanCircleError, match="The plan c contains a: leave c out of a, or a out of it"):
        version("a", contents=contents("c"))
    with pytest.raises(UnknownPlanError, match="gold"):
        plan("d", contents=contents("gold"))
    assert PlanContent.objects.count() == 2


def test_allowances_become_those_of_the_core():
    product("calls", "usage")
    made = plan(
        allowances=(
            NewAllowance(
                code="credit", name="Credit", amount=Decimal(10), counts=Counts.MONEY, currency="EUR", priority=2
            ),
            NewAllowance(
                code="minutes",
                name="Minutes",
                amount=Decimal(6000),
                products=("calls",),
                increment=Decimal(60),
                priority=1,
                shared=True,
                partial=PartialCycle.FULL,
                roll_over=RollOver(cycles=2, cap=Decimal(1000)),
            ),
        )
    )
    minutes, credit = included(made)
    assert (minutes.allowance.left, minutes.allowance.products, minutes.allowance.increment) == (6000, {"calls"}, 60)
    assert (minutes.allowance.shared, minutes.partial) == (True, PartialCycle.FULL)
    assert minutes.roll_over == RollOver(cycles=2, cap=Decimal(1000))
    assert (credit.allowance.counts, credit.currency, credit.roll_over) == (Counts.MONEY, "EUR", None)
    assert (credit.allowance.products, credit.partial) == (frozenset(), PartialCycle.PRORATED)


def test_phases_become_those_of_the_core():
    line, other = product(), product("other")
    publish(line)
    own = PhasePrice(product="other", currency="EUR", model="flat", parameters={"amount": "3.00"})
    made = plan(
        items=[NewPlanItem(product=code, timing="in_advance") for code in ("line", "other")],
        phases=(
            NewPhase(name="trial", kind="trial", length=Cadence(CadenceUnit.DAY, 14), price_factor=Decimal(0)),
            NewPhase(name="welcome", kind="discount", length=MONTHS, price_factor=Decimal("0.8"), prices=(own,)),
            NewPhase(name="always", kind="evergreen"),
        ),
    )
    price = Flat(currency=currency("EUR"), amount=Decimal("20.00"))
    items = {item.product_id: item for item in made.items.select_related("product")}
    phases = core_phases(phases_of(made), items[line.pk], price)
    assert [phase.price.price(Decimal(1)).amount if phase.price else None for phase in phases] == [None, 16, 20]
    others = core_phases(phases_of(made), items[other.pk], price)
    assert [phase.price.price(Decimal(1)).amount if phase.price else None for phase in others] == [None, 3, 20]
    starts = [placed.period.start for placed in place(phases, date(2026, 1, 1))]
    assert starts == [date(2026, 1, 1), date(2026, 1, 15), date(2026, 4, 15)]


@pytest.mark.parametrize(
    "fee",
    [
        None,
        FlatFee(amount=Money.of("50.00", "EUR")),
        PercentOfRest(percent=Decimal(40)),
        PerRestingPeriod(amount=Money.of("5.00", "EUR")),
        DecliningFee(amount=Money.of("120.00", "EUR"), step=Decimal(10)),
    ],
)
def test_a_term_becomes_a_contract_and_its_fee_stays_what_it_was(fee):
    made = plan(term=NewTerm(length=YEAR, notice=MONTHS, renewal=Renewal.MONTHLY, fee=fee))
    term = term_of(made)
    contract = contract_of(term, key="O-1", start=date(2026, 1, 1))
    assert (contract.minimum.end, contract.notice.length, contract.renewal) == (
        date(2027, 1, 1),
        MONTHS,
        Renewal.MONTHLY,
    )
    assert fee_of(term) == fee
    assert term_of(plan("free")) is None


def test_commitments_are_kept_by_currency():
    made = plan(commitments=(NewCommitment(amount=Money.of("500.00", "EUR"), cadence=YEAR),))
    (commitment,) = made.commitments.all()
    assert (commitment.currency, commitment.amount, commitment.unit, commitment.count) == ("EUR", 500, "year", 1)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        (lambda: NewPlanItem(product="a", timing="in_advance", quantity=Decimal(-1)), PlanPartError, "at least 0"),
        (lambda: NewPlanItem(product="a", timing="in_advance", proration="weeks"), UnknownOptionError, "'weeks'"),
        (lambda: NewContent(plan="a", quantity=0), PlanPartError, "at least 1"),
        (lambda: NewAllowance(code="a", name="A", amount=Decimal(-1)), AllowanceError, "less than nothing"),
        (lambda: NewAllowance(code="a", name="A", amount=1.5), Refusal, "exact decimal"),
        (
            lambda: NewAllowance(code="a", name="A", amount=Decimal(1), currency="EUR"),
            PlanPartError,
            "leave the currency",
        ),
        (
            lambda: NewAllowance(code="a", name="A", amount=Decimal(1), counts=Counts.MONEY),
            PlanPartError,
            "its currency",
        ),
        (lambda: NewPhase(name="a", kind="magic"), UnknownOptionError, "no kind of phase"),
        (lambda: NewPhase(name="a", kind="trial", price_factor=Decimal(-1)), PlanPartError, "at least 0"),
        (lambda: NewTerm(length=Cadence(CadenceUnit.SEMI_MONTH)), ContractError, "half months"),
        (lambda: NewCommitment(amount=Money.of(0, "EUR")), PlanPartError, "above zero"),
        (lambda: PlanParts(contents=contents("a", "a")), PlanPartError, "contained plan a is given twice"),
        (
            lambda: PlanParts(phases=(NewPhase(name="a", kind="fixed"), NewPhase(name="b", kind="fixed"))),
            PlanPartError,
            "A phase follows a, which has no end",
        ),
    ],
)
def test_parts_that_contradict_themselves_are_refused(wrong, error, words):
    with pytest.raises(error, match=words):
        wrong()


def test_two_prices_for_one_product_in_a_phase_are_refused():
    price = PhasePrice(product="line", currency="EUR", model="flat", parameters={"amount": "1"})
    with pytest.raises(PlanPartError, match="two prices for one product and currency"):
        NewPhase(name="a", kind="fixed", prices=(price, price))


@pytest.mark.parametrize(
    "parts",
    [
        {"allowances": (NewAllowance(code="a", name="A", amount=Decimal(1), products=("gold",)),)},
        {
            "phases": (
                NewPhase(
                    name="a",
                    kind="fixed",
                    prices=(PhasePrice(product="gold", currency="EUR", model="flat", parameters={"amount": "1"}),),
                ),
            )
        },
    ],
)
def test_parts_for_unknown_products_leave_nothing(parts):
    with pytest.raises(UnknownProductError, match="gold"):
        plan(**parts)
    assert not Plan.objects.exists()
