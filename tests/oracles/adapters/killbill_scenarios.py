"""Kill Bill: scenarios, told as a timeline of actions."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracles.adapters.killbill_account import Account, numbered
from tests.oracles.adapters.killbill_dates import KILLBILL
from tests.oracles.adapters.killbill_plans import USD, Plan, read
from tests.oracles.comparing import Series
from tests.oracles.harness import Case, Facts, Unreadable, adapter
from tests.oracles.reading import day, money

from billhook.core.changes import When
from billhook.core.money import Money
from billhook.core.proration import Basis
from billhook.core.tax import FixedPer, TaxRule

ZERO = Money.zero(USD)
LATER_BILLS = 4
WHEN = {
    None: When.NOW,
    "IMMEDIATE": When.NOW,
    "END_OF_TERM": When.END_OF_PERIOD,
    "EOT": When.END_OF_PERIOD,
    "START_OF_TERM": When.START_OF_PERIOD,
}


@dataclass(slots=True)
class Play:
    """A scenario being played: its account, its plans, and the day."""

    account: Account
    plans: dict[str, Plan]
    changed_to: set[str]
    on: date = date(2000, 1, 1)
    dry_equal: list[bool] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Return the key of the first subscription."""
        return next(iter(self.account.subscriptions))

    def plan(self, name: str | None) -> Plan:
        """Return a plan by name, or the only one."""
        if name is None:
            return next((plan for plan in self.plans.values() if plan.name not in self.changed_to), self._only())
        found = [plan for key, plan in self.plans.items() if key == name]
        if not found:
            raise Unreadable(f"there is no plan {name!r}")
        return found[0]

    def _only(self) -> Plan:
        return next(iter(self.plans.values()))

    def bill(self, **options: Any) -> None:
        """Bill, after a dry run that must say the same."""
        before = self.account.bill(self.on, dry=True, **options)
        after = self.account.bill(self.on, **options)
        self.dry_equal.append(before == after)


Verb = Callable[[Play, re.Match[str]], None]
_VERBS: list[tuple[re.Pattern[str], Verb]] = []


def verb(pattern: str) -> Callable[[Verb], Verb]:
    """Register what an action means."""

    def register(function: Verb) -> Verb:
        _VERBS.append((re.compile(pattern), function))
        return function

    return register


@verb(r"|bill|trial ends(, billed)?|clock|\.\.|BCD|retry \d+|term over|bill and pay|trial ends; .*|OD1(; I2 .*)?|OD3")
def _bill(play: Play, _: re.Match[str]) -> None:
    play.bill()


@verb(
    r"subscribe(?P<twice> \(then immediate change to\))?(?: (?P<plan>[\w-]+?))?(?: quantity (?P<quantity>\d+))?"
    r"(?: with BCD (?P<bcd>\d+))?"
    r"(?:, override (?P<phase>\w+) price to (?P<price>[\d.]+)| with \$(?P<free>\d+) override)?"
    r"(?:; all payments fail|; payments fail)?"
)
def _subscribe(play: Play, said: re.Match[str]) -> None:
    overrides = {}
    if said["phase"]:
        overrides[said["phase"].lower()] = Decimal(said["price"])
    if said["free"]:
        overrides["evergreen"] = Decimal(said["free"])
    plan = play.plan(said["plan"])
    play.account.subscribe(
        "base",
        plan,
        play.on,
        quantity=Decimal(said["quantity"] or 1),
        bcd=int(said["bcd"]) if said["bcd"] else None,
        overrides=overrides,
    )
    play.bill()
    if said["twice"]:
        play.account.change("base", plan, play.on)
        play.bill()


@verb(
    r"change(?: back)? (?:to|EOT to) (?P<plan>[\w-]+)(?: at list price)?"
    r"(?: (?:forced )?(?P<when>IMMEDIATE|END_OF_TERM))?"
    r"(?P<dry>: dry-run says nothing to do)?(?:; BCD \d+)?(?: with BCD (?P<bcd>\d+))?"
)
def _change(play: Play, said: re.Match[str]) -> None:
    when = When.END_OF_PERIOD if said[0].startswith("change EOT") else WHEN[said["when"]]
    bcd = int(said["bcd"]) if said["bcd"] else None
    play.account.change(play.base, play.plan(said["plan"]), play.on, when, bcd)
    play.bill()


@verb(r"cancel(?: (?P<when>IMMEDIATE|END_OF_TERM|START_OF_TERM))?")
def _cancel(play: Play, said: re.Match[str]) -> None:
    play.account.cancel(play.base, play.on, WHEN[said["when"]])
    play.bill()


@verb(r"set quantity (?P<quantity>\d+) effective (?P<on>[\d-]+)")
def _quantity(play: Play, said: re.Match[str]) -> None:
    play.account.set_quantity(play.base, Decimal(said["quantity"]), day(said["on"]))
    play.bill()


@verb(r"set price (?P<price>[\d.]+) effective (?P<on>[\d-]+)")
def _price(play: Play, said: re.Match[str]) -> None:
    play.account.set_price(play.base, Decimal(said["price"]), day(said["on"]))
    play.bill()


@verb(r"set BCD (?P<bcd>\d+)(?: effective from (?P<on>[\d-]+))?")
def _bcd(play: Play, said: re.Match[str]) -> None:
    play.account.set_bcd(int(said["bcd"]), day(said["on"]) if said["on"] else play.on)
    play.bill()


@verb(r"subscribe; account credit (?P<amount>[\d.]+)")
def _subscribe_with_credit(play: Play, said: re.Match[str]) -> None:
    play.account.subscribe("base", play.plan(None), play.on)
    play.bill()
    play.account.add_credit(money(said["amount"]), play.on)


@verb(r"bill with TAX (?P<amount>[\d.]+)")
def _taxed(play: Play, said: re.Match[str]) -> None:
    fixed = Decimal(said["amount"])
    rule = TaxRule(
        tax_category="standard", code="tax", name="tax", percent=Decimal(0), fixed=fixed, per=FixedPer.INVOICE
    )
    play.bill(tax=rule)


@verb(r"OD2( \(entitlement\+billing blocked\))?|pause")
def _block(play: Play, _: re.Match[str]) -> None:
    play.account.block(play.on)


@verb(r"pay all(?: unpaid)? -> CLEAR|resume")
def _unblock(play: Play, _: re.Match[str]) -> None:
    play.account.unblock(play.on)
    play.bill()


@verb(r"pay all -> CLEAR; change to (?P<plan>[\w-]+) IMMEDIATE")
def _clear_and_change(play: Play, said: re.Match[str]) -> None:
    play.account.unblock(play.on)
    play.bill()
    play.account.change(play.base, play.plan(said["plan"]), play.on)
    play.bill()


@verb(r"subscribe base(?: annual)? \+ (?P<addon>[\w-]+?)(?: add-on)?")
def _subscribe_both(play: Play, said: re.Match[str]) -> None:
    base = next((plan for plan in play.plans.values() if not plan.is_addon), None)
    addon = next((plan for name, plan in play.plans.items() if name.startswith(said["addon"])), None)
    if base is None or addon is None:
        raise Unreadable(f"there is no plan {said['addon']!r}")
    for key, plan in (("base", base), ("addon", addon)):
        play.account.subscribe(key, plan, play.on)
        play.bill()


@verb(r"usage (?P<units>\d+(?: \+ \d+)*)")
def _use(play: Play, said: re.Match[str]) -> None:
    key = next(key for key, found in play.account.subscriptions.items() if found.plan.is_usage)
    for units in said["units"].split(" + "):
        play.account.use(key, play.on, Decimal(units))


@verb(r"set add-on BCD (?P<bcd>\d+)")
def _addon_bcd(play: Play, said: re.Match[str]) -> None:
    play.account.set_bcd(int(said["bcd"]), play.on, addons=True)
    play.bill()


@verb(r"create (?P<count>\d+) bundles, each (?P<plans>.+), one call")
def _bundles(play: Play, said: re.Match[str]) -> None:
    names = said["plans"].split(" + ")
    for bundle in range(int(said["count"])):
        for name in names:
            found = next((plan for key, plan in play.plans.items() if key.startswith(name)), None)
            if found is None:
                raise Unreadable(f"there is no plan {name!r}")
            play.account.subscribe(f"{bundle}{name}", found, play.on)
    play.bill()


def play(given: Facts) -> Play:
    """Play a timeline, action by action."""
    given.skip("currency", "mode", "overdue")
    fixed_days = given.get("proration_fixed_days")
    if fixed_days not in {None, 30}:
        raise Unreadable("only months of 30 days are fixed")
    bcd = given["account_bcd"]
    account = Account(
        bcd=bcd if isinstance(bcd, int) and bcd > 0 else worded_bcd(bcd),
        basis=Basis.THIRTY if fixed_days else Basis.DAYS,
    )
    changed_to = {word for event in given["timeline"] for word in re.findall(r"change to ([\w-]+)", event["action"])}
    found = Play(account, {name: read(name, given["plans"][name]) for name in given["plans"]}, changed_to)
    for event in given["timeline"]:
        action = event["action"]
        found.on = day(event["date"].removesuffix(".."))
        _act(found, action)
    return found


def worded_bcd(text: object) -> int | None:
    """Return the billing day of words such as `aligned on 1`."""
    match = re.fullmatch(r"aligned on (\d+)", str(text))
    return int(match[1]) if match else None


def _act(found: Play, action: str) -> None:
    """Do what an action says, as a whole or part by part."""
    if _said(found, action):
        return
    for part in action.split("; "):
        if not _said(found, part):
            raise Unreadable(f"{part!r} is no action")


def _said(found: Play, action: str) -> bool:
    for pattern, function in _VERBS:
        match = pattern.fullmatch(action)
        if match is not None:
            function(found, match)
            return True
    return False


@adapter("scenario.*", files=KILLBILL)
def scenario(given: Facts, _: Case) -> Mapping[str, object]:
    """Return the invoices of a scenario by number, those after its last event too."""
    found = play(given)
    listed = sorted({on for on, _ in found.account.invoices})
    last, more = found.on, 0
    for on in found.account.upcoming(last):
        if more >= LATER_BILLS:
            break
        found.on = on
        more += found.account.bill(on) is not None
    return {
        "invoices": numbered(found.account),
        "dry_run_equals_invoice_3": all(found.dry_equal),
        "one_invoice_on": Series.of(listed),
    }
