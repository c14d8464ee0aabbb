"""What the lane must know to work through a file: the format, who is who, the prices and the keys of the past."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import cast

from billhook.catalog.queries import deck_rows
from billhook.foundation.models import Company
from billhook.hooks import registry
from billhook.mediation.formats import FormatDefinition
from billhook.mediation.hooks import USAGE_FORMAT, UsageFormat
from billhook.mediation.lake import lake
from billhook.mediation.lane.job import CardRow, GuideRow, LaneJob, NumberPlan
from billhook.mediation.models import BatchFile, UsageSource
from billhook.orders.queries import usage_guide

KEYS_KEPT = timedelta(days=400)


def format_of(source: UsageSource) -> FormatDefinition:
    """Return the format definition of a source, with its parameters.

    Raises:
        UnknownPluginError: the format's plugin is not installed.
    """
    plugin = registry.find(USAGE_FORMAT.name, source.format)
    return cast("UsageFormat", plugin(plugin.Parameters(**source.parameters))).definition()


def late_limit(source: UsageSource, on: date) -> date:
    """Return the first local date that is still accepted: the start of the month `closed_periods` before this one."""
    months = on.year * 12 + on.month - 1 - source.closed_periods
    return date(months // 12, months % 12 + 1, 1)


def key_files(company: Company, since: datetime) -> tuple[Path, ...]:
    """Return the key files of batches whose events are recent enough to be told apart from new ones."""
    root = lake(company)
    found = BatchFile.objects.filter(kind="keys", batch__last_event_at__gte=since).order_by("batch__number", "part")
    return tuple(root / path for path in found.values_list("path", flat=True))


def lane_job(*, company: Company, source: UsageSource, file: Path, batch: int, part: int, at: datetime) -> LaneJob:
    """Return the whole order to the lane for one part of one batch."""
    guide = usage_guide()
    return LaneJob(
        file=file,
        format=format_of(source),
        source_zone=source.zone,
        batch=batch,
        part=part,
        lake=lake(company),
        guide=tuple(GuideRow(**asdict(entry)) for entry in guide),
        cards=tuple(CardRow(**asdict(row)) for row in deck_rows({entry.card for entry in guide})),
        currency=company.currency,
        history=key_files(company, at - KEYS_KEPT),
        now=at,
        late_limit=late_limit(source, at.date()),
        numbers=NumberPlan(country_code=source.parameters.get("country_code")),
    )
