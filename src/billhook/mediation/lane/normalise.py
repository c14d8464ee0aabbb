"""Stage two, normalise: start times become UTC instants, lengths whole seconds, numbers E.164 digits.

A record that cannot be normalised gets a verdict: the reason for which it will wait in suspense.
"""

from datetime import UTC, datetime, timedelta

from duckdb import DuckDBPyConnection

from billhook.mediation.lane.engine import one_row
from billhook.mediation.lane.job import LaneJob
from billhook.mediation.lane.zones import wall_offsets

OLDEST = datetime(1970, 1, 1)  # noqa: DTZ001 - a naive local time, as files hold them
"""Zones are not followed further back: an older start time is a broken clock's."""

LOCAL_TIMES = r"""
create table local_time as
select line_no, try_strptime(started_text, $1) as started,
    case when regexp_full_match(seconds_text, '-?[0-9]{1,9}') then seconds_text::bigint end as seconds,
    regexp_replace(a_text, '[\s().\-/]', '', 'g') as a_dialled,
    regexp_replace(b_text, '[\s().\-/]', '', 'g') as b_dialled
from event
"""

DIGITS = """
create macro e164(dialled, country_code, international, national) as case
    when starts_with(dialled, '+') then substr(dialled, 2)
    when international <> '' and starts_with(dialled, international) then substr(dialled, 1 + length(international))
    when country_code is not null and starts_with(dialled, national)
        then country_code || substr(dialled, 1 + length(national))
    else dialled end
"""

NORMAL = """
create table normal as
with placed as (
    select event.*, local_time.seconds, e164(a_dialled, $country_code, $international, $national) as a_number,
        e164(b_dialled, $country_code, $international, $national) as b_number,
        started - to_seconds(wall.seconds) as event_at
    from event join local_time using (line_no)
    left join wall on started >= wall.start and started < wall.until
)
select line_no, byte_offset, raw, identifier, event_at, seconds, a_number, b_number, source_key, record_key, omit_rule,
    greatest(coalesce(seconds, 0), 0) as known,
    case when not answered then 'unanswered' when seconds = 0 then 'no_seconds' end as free_rule,
    case when event_at is null then 'bad_time' when seconds is null then 'bad_seconds'
        when seconds < 0 then 'negative_seconds' when event_at > $now then 'future'
        when answered and seconds > 0 and not regexp_full_match(b_number, '[0-9]{1,32}') then 'bad_number'
    end as verdict
from placed
"""


def normalise(con: DuckDBPyConnection, job: LaneJob) -> None:
    """Fill the table `normal` from `event`, one row for each."""
    con.execute(LOCAL_TIMES, [job.format.timestamp])
    _zone(con, job)
    plan = job.numbers
    con.execute(DIGITS)
    con.execute(
        NORMAL,
        {
            "now": naive(job.now),
            "country_code": plan.country_code,
            "international": plan.international,
            "national": plan.national,
        },
    )
    con.execute("drop table local_time; drop table wall; drop table event")


def _zone(con: DuckDBPyConnection, job: LaneJob) -> None:
    """Fill the table `wall`: the offsets of the file's zone for as long as its times reach."""
    span = one_row(con, "select min(started), max(started) from local_time")
    latest = naive(job.now) + timedelta(days=1)
    first, last = (max(OLDEST, min(time or latest, latest)) for time in span)
    offsets = wall_offsets(job.zone, first=first, last=last)
    con.execute("create table wall (start timestamp, until timestamp, seconds bigint)")
    con.execute(
        "insert into wall select unnest($1::timestamp[]), unnest($2::timestamp[]), unnest($3::bigint[])",
        [[it.start for it in offsets], [it.end for it in offsets], [it.seconds for it in offsets]],
    )


def naive(instant: datetime) -> datetime:
    """Return an aware instant as the naive UTC time that the lane's columns hold."""
    return instant.astimezone(UTC).replace(tzinfo=None)
