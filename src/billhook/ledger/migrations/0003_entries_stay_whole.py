"""An entry is posted in one statement: the database refuses postings that come to it later, even balanced ones."""

from django.db import migrations

WHOLE = """
create function billhook_entries_stay_whole() returns trigger language plpgsql as $$
declare
    fault bigint;
begin
    select posting.entry_id into fault
    from ledger_posting posting
    where posting.entry_id in (select distinct entry_id from fresh)
        and not exists (select from fresh where fresh.id = posting.id) limit 1;
    if found then
        raise exception 'entry % was posted before and takes no more postings: post a new one', fault
            using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
create trigger entries_stay_whole after insert on ledger_posting
    referencing new table as fresh for each statement execute function billhook_entries_stay_whole();
"""


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = [("ledger", "0002_entries_balance")]
    operations = [
        migrations.RunSQL(
            WHOLE,
            "drop trigger entries_stay_whole on ledger_posting; drop function billhook_entries_stay_whole();",
        )
    ]
