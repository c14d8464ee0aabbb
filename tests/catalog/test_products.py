"""Products stand in a tree of categories; drafts and retired ones are not ordered."""

from datetime import date

import pytest
from tests.builders import CLERK, OPENING, make_catalog, sign_up_customer
from tests.catalog.selling import BY, product, told

from billhook.catalog.operations.categories import CategoryCircleError, change_category, create_category
from billhook.catalog.operations.plans import activate_plan, create_plan, retire_plan
from billhook.catalog.operations.products import (
    NothingToChangeError,
    ProductStatusError,
    activate_product,
    change_product,
    retire_product,
)
from billhook.catalog.queries import (
    NotSoldError,
    UnknownCategoryError,
    categories,
    category_by_code,
    category_paths,
    plan_by_code,
    product_by_code,
    products_in,
    require_sold,
)
from billhook.catalog.refusals import CodeTakenError

pytestmark = pytest.mark.usefixtures("shop")


def category(code, parent=None, **more):
    return create_category(code=code, name=code.title(), parent=parent, **more, **BY)


def change(found, **changes):
    given = {"name": found.name, "parent": found.parent, "tax_category": "", "revenue_account": "", **changes}
    return change_category(category=found, **given, **BY)


def test_a_product_takes_what_it_leaves_open_from_the_nearest_category_that_says_it():
    telecom = category("telecom", tax_category="reduced", revenue_account="telecom")
    mobile = category("mobile", telecom, revenue_account="mobile")
    given = product("sim", category=mobile)
    assert (given.tax_category, given.revenue_account) == ("reduced", "mobile")
    own = product("router", category=mobile, tax_category="standard")
    assert (own.tax_category, own.revenue_account) == ("standard", "mobile")
    assert product("plain").tax_category == "standard"


def test_categories_form_a_tree_whose_paths_lead_from_the_top():
    top = category("top")
    inner = category("inner", top)
    category("leaf", inner)
    product("a", category=inner)
    product("b", category=category_by_code("leaf"))
    product("c")
    assert category_paths() == {"inner": ("top", "inner"), "leaf": ("top", "inner", "leaf"), "top": ("top",)}
    assert [found.code for found in categories()] == ["inner", "leaf", "top"]
    assert products_in(["top"]) == ("a", "b")
    assert products_in(["leaf"]) == ("b",)
    assert [event["code"] for event in told("product_category.created")] == ["top", "inner", "leaf"]


def test_a_category_below_itself_is_refused():
    top = category("top")
    inner = category("inner", top)
    leaf = category("leaf", inner)
    for parent in (top, inner, leaf):
        with pytest.raises(CategoryCircleError, match=f"{parent.code} stands below top: move"):
            change(top, parent=parent)
    change(leaf, parent=top)
    assert category_paths()["leaf"] == ("top", "leaf")
    assert len(told("product_category.changed")) == 1


def test_a_category_needs_a_code_of_its_own():
    category("top")
    with pytest.raises(CodeTakenError, match="There is a product category top already"):
        category("top")
    with pytest.raises(UnknownCategoryError, match="There is no product category gold: create it"):
        category_by_code("gold")


def test_a_draft_becomes_active_and_is_retired_once():
    draft = product("draft", status="draft")
    with pytest.raises(NotSoldError, match="The product draft is draft: activate it first"):
        require_sold([draft])
    require_sold([activate_product(product=draft, **BY)])
    with pytest.raises(ProductStatusError, match="draft is active and cannot become active"):
        activate_product(product=draft, **BY)
    retired = retire_product(product=draft, **BY)
    with pytest.raises(NotSoldError, match="The product draft is retired: order what replaced it"):
        require_sold([retired])
    for again in (activate_product, retire_product):
        with pytest.raises(ProductStatusError, match="create another product"):
            again(product=draft, **BY)
    assert [len(told(f"product.{name}")) for name in ("created", "activated", "retired")] == [1, 1, 1]


def test_a_product_changes_in_all_but_code_and_kind():
    line = product()
    changed = change_product(product=line, changes={"name": "Line", "custom": {"colour": "red"}}, **BY)
    assert (changed.name, product_by_code("line").custom) == ("Line", {"colour": "red"})
    assert told("product.changed")[0]["changed"] == "custom, name"
    for wrong in ({}, {"code": "other"}, {"kind": "usage"}, {"status": "retired"}):
        with pytest.raises(NothingToChangeError, match="of line can be changed: give one of name"):
            change_product(product=line, changes=wrong, **BY)


def test_a_retired_product_is_not_ordered():
    make_catalog()
    retire_product(product=product_by_code("voice-line"), **BY)
    with pytest.raises(NotSoldError, match="voice-line is retired"):
        sign_up_customer("1001")


def test_a_draft_and_a_retired_plan_are_not_ordered():
    create_plan(code="soon", name="Soon", items=[], status="draft", **BY)
    first_day = date(2026, 3, 1)
    with pytest.raises(NotSoldError, match="The plan soon is draft"):
        plan_by_code("soon", on=first_day)
    activate_plan(code="soon", actor=CLERK, at=OPENING)
    assert plan_by_code("soon", on=first_day).version == 1
    retire_plan(code="soon", actor=CLERK, at=OPENING)
    with pytest.raises(NotSoldError, match="The plan soon is retired"):
        plan_by_code("soon", on=first_day)
    assert [len(told(f"plan.{name}")) for name in ("activated", "retired")] == [1, 1]
