"""Debits equal credits: the database refuses a statement whose postings do not sum to zero for an entry and currency."""

from django.db import migrations

BALANCE = """
create function billhook_entries_balance() returns trigger language plpgsql as $$
declare
    fault record;
begin
    select posting.entry_id, posting.currency, sum(posting.amount) as rest into fault
    from ledger_posting posting
    where posting.entry_id in (select distinct entry_id from fresh)
    group by posting.entry_id, posting.currency having sum(posting.amount) <> 0 limit 1;
    if found then
        raise exception 'the postings of entry % are off by % %', fault.entry_id, fault.rest, fault.currency
            using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger entries_balance after insert on ledger_posting
    referencing new table as fresh for each statement execute function billhook_entries_balance();
"""


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(
            BALANCE,
            "drop trigger entries_balance on ledger_posting; drop function billhook_entries_balance();",
        )
    ]
