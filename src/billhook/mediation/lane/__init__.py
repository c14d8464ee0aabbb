"""The lane: a usage file in, rated and reconciled records out, column by column in DuckDB.

The stages stand in one module each, in this order: `decode`, `normalise`, `dedupe`, `guide`, `rate`, `reconcile`,
`store`; `explain` reads back what was stored. The lane knows no ORM and asks for no time.
"""

from billhook.mediation.lane.job import CardRow, GuideRow, LaneJob, NumberPlan
from billhook.mediation.lane.result import (
    Bucket,
    ChargeRow,
    Counts,
    LakeFile,
    LaneResult,
    Reason,
    RuleCount,
    Stage,
    Suspended,
    Tally,
)
from billhook.mediation.lane.run import recycle, run

__all__ = [
    "Bucket",
    "CardRow",
    "ChargeRow",
    "Counts",
    "GuideRow",
    "LakeFile",
    "LaneJob",
    "LaneResult",
    "NumberPlan",
    "Reason",
    "RuleCount",
    "Stage",
    "Suspended",
    "Tally",
    "recycle",
    "run",
]
