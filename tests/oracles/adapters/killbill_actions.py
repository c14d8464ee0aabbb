"""Kill Bill: actions of scenarios on add-ons, and on an account that is paused or not invoiced for a time."""

import re
from dataclasses import replace

from tests.oracles.adapters.killbill_plans import Plan
from tests.oracles.adapters.killbill_scenarios import WHEN, Play, verb
from tests.oracles.harness import Unreadable

from billhook.core.changes import When


@verb(r"tag AUTO_INVOICING_OFF")
def _invoicing_off(play: Play, _: re.Match[str]) -> None:
    play.account.is_off = True


@verb(r"remove AUTO_INVOICING_OFF")
def _invoicing_on(play: Play, _: re.Match[str]) -> None:
    play.account.is_off = False
    play.bill()


@verb(r"resume, then remove AUTO_INVOICING_OFF")
def _resume_and_invoice(play: Play, said: re.Match[str]) -> None:
    play.account.unblock(play.on)
    _invoicing_on(play, said)


@verb(r"subscribe (?!base )(?P<base>[\w-]+) \+ (?P<addon>[\w-]+)")
def _subscribe_with_addon(play: Play, said: re.Match[str]) -> None:
    base = play.plan(said["base"])
    for key, plan in (("base", base), ("addon", replace(_addon(play, base, said["addon"]), is_addon=True))):
        play.account.subscribe(key, plan, play.on)
        play.bill()


def _addon(play: Play, base: Plan, name: str) -> Plan:
    """Return an add-on by its name, or by its name after that of its base."""
    found = play.plans.get(name) or play.plans.get(f"{base.name}-{name}")
    if found is None:
        raise Unreadable(f"there is no add-on {name!r}")
    return found


@verb(
    r"change base to (?P<plan>[\w-]+)(?: (?P<when>IMMEDIATE|END_OF_TERM|START_OF_TERM))?"
    r"(?: \(add-on not available there\))?"
)
def _change_base(play: Play, said: re.Match[str]) -> None:
    old, when = play.account.subscriptions[play.base].plan, WHEN[said["when"]]
    bound = [
        key
        for key, found in play.account.subscriptions.items()
        if found.plan.is_addon and found.plan.name.startswith(f"{old.name}-")
    ]
    for key in bound:
        play.account.cancel(key, play.on, when)
    play.account.change(play.base, play.plan(said["plan"]), play.on, when)
    play.bill()


@verb(r"cancel add-on(?: (?P<when>IMMEDIATE|END_OF_TERM|START_OF_TERM))?")
def _cancel_addon(play: Play, said: re.Match[str]) -> None:
    addons = [key for key, found in play.account.subscriptions.items() if found.plan.is_addon]
    if len(addons) != 1:
        raise Unreadable("it does not say which add-on")
    when: When = WHEN[said["when"]]
    play.account.cancel(addons[0], play.on, when)
    play.bill()
