"""States: which step may follow which, one table a life cycle."""

from collections.abc import Mapping
from dataclasses import dataclass

from billhook.core.errors import Refusal


class TransitionError(Refusal):
    """A life cycle does not lead from one state to the other."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The states of one kind of thing, and from each the states that may follow."""

    name: str
    initial: str
    follows: Mapping[str, frozenset[str]]

    @property
    def states(self) -> frozenset[str]:
        """Return every state."""
        return frozenset(self.follows)

    def may(self, old: str, new: str) -> bool:
        """Return whether one state may follow another."""
        return new in self.follows.get(old, frozenset())

    def is_final(self, state: str) -> bool:
        """Return whether nothing follows a state."""
        return not self.follows[state]

    def reachable(self) -> frozenset[str]:
        """Return the states to which the initial one leads, itself included."""
        found, waiting = {self.initial}, [self.initial]
        while waiting:
            new = self.follows[waiting.pop()] - found
            found |= new
            waiting.extend(new)
        return frozenset(found)


def check(lifecycle: Lifecycle, old: str, new: str) -> None:
    """Let a transition pass that the table allows.

    Raises:
        TransitionError: it does not; the message says what may follow.
    """
    if lifecycle.may(old, new):
        return
    allowed = ", ".join(sorted(lifecycle.follows.get(old, ()))) or "nothing"
    raise TransitionError(f"The {lifecycle.name} is {old} and cannot become {new}; from {old} may follow: {allowed}.")


def _lifecycle(name: str, table: str) -> Lifecycle:
    """Read a table of lines `state: states that may follow`; the first state is the initial one."""
    rows = [line.partition(":") for line in table.strip().splitlines()]
    follows = {state.strip(): frozenset(after.split()) for state, _, after in rows}
    unknown = frozenset().union(*follows.values()) - follows.keys()
    if unknown:
        raise TransitionError(f"The table of the {name} leads to {', '.join(sorted(unknown))}, which has no row.")
    return Lifecycle(name, rows[0][0].strip(), follows)


ORDER = _lifecycle(
    "order",
    """
    pending: active cancelled
    active: suspended ended cancelled
    suspended: active ended cancelled
    ended:
    cancelled:
    """,
)

BILLING_RUN = _lifecycle(
    "billing run",
    """
    draft: computing cancelled
    computing: review cancelled
    review: computing approved rejected cancelled
    approved: committing review cancelled
    committing: done
    done:
    rejected:
    cancelled:
    """,
)

INVOICE_BALANCE = _lifecycle(
    "invoice",
    """
    open: settled
    settled: open
    """,
)

PAYMENT = _lifecycle(
    "payment",
    """
    collecting: received given_up cancelled
    received:
    given_up: collecting
    cancelled:
    """,
)

PAYMENT_ATTEMPT = _lifecycle(
    "payment attempt",
    """
    created: submitted failed
    submitted: succeeded declined failed pending unknown
    pending: succeeded declined failed unknown
    unknown: succeeded declined failed pending
    succeeded:
    declined: succeeded
    failed: succeeded
    """,
)

DUNNING_EPISODE = _lifecycle(
    "dunning episode",
    """
    open: ended
    ended:
    """,
)

SUSPENSE_RECORD = _lifecycle(
    "suspense record",
    """
    open: recycled written_off
    recycled:
    written_off:
    """,
)

MEDIATION_BATCH = _lifecycle(
    "mediation batch",
    """
    loading: loaded quarantined failed
    quarantined: loading discarded
    failed: loading discarded
    loaded: undone
    undone:
    discarded:
    """,
)

ASSET = _lifecycle(
    "asset",
    """
    available: reserved assigned retired
    reserved: available assigned
    assigned: available quarantined
    quarantined: available retired
    retired:
    """,
)

PROVISIONING_TASK = _lifecycle(
    "task of the network",
    """
    waiting: sent superseded given_up done
    sent: waiting pending failed given_up done
    pending: waiting failed given_up done
    failed: waiting given_up done
    done:
    given_up:
    superseded:
    """,
)
