"""What the invoices of a run, or one alone, bill and give back, written where the next bill looks for it."""

from collections.abc import Sequence

from billhook.billing.bulk import ClaimedPeriod, ReleasedPeriod, claim_periods, release_periods
from billhook.billing.queries import records_in
from billhook.core.agreement import AgreedLine, ChargeKind
from billhook.core.billed import BilledPart, credits_for
from billhook.core.draft import InvoiceDraft
from billhook.invoicing.bulk import NewInvoice
from billhook.invoicing.queries import billed_parts
from billhook.mediation.bulk import BilledUsage
from billhook.mediation.bulk import mark_billed as mark_usage_billed
from billhook.orders.bulk import BilledThrough, Credited, mark_billed_through, mark_credited, mark_settled
from billhook.orders.queries import credits_due, version_ids


def mark_billed(invoices: Sequence[NewInvoice]) -> None:
    """Write down which periods, line versions and charges the invoices bill.

    Raises:
        UsageNotUnbilledError: usage of a draft was billed by another invoice meanwhile.
    """
    ids = version_ids({claim.line_key for invoice in invoices for claim in invoice.draft.billed})
    claimed = [
        ClaimedPeriod(
            version_id=ids[claim.line_key],
            kind=str(claim.kind),
            lower=claim.period.start,
            upper=claim.period.end,
            document=invoice.number,
        )
        for invoice in invoices
        for claim in invoice.draft.billed
    ]
    claim_periods(claimed)
    mark_billed_through(BilledThrough(version_id=claim.version_id, day=claim.upper) for claim in claimed)
    mark_given_back(invoices)
    mark_usage_billed(usage for invoice in invoices for usage in billed_usage(invoice.number, invoice.draft))


def billed_usage(number: str, draft: InvoiceDraft) -> list[BilledUsage]:
    """Return which charges a draft bills, and how many records its lines say they hold."""
    return [
        BilledUsage(
            line_key=line.line_key.rpartition("/")[0],
            start=line.period.start,
            end=line.period.end,
            parts=tuple(reference.rpartition(" ")[2] for reference in line.charges),
            records=records_in(line.derivation),
            document=number,
        )
        for line in draft.lines
        if line.kind is ChargeKind.USAGE and line.charges
    ]


def mark_given_back(invoices: Sequence[NewInvoice]) -> None:
    """Write down which billed periods and line versions the invoices give back, and where nothing is left to give.

    Call it when the lines of the invoices are stored.
    """
    lines = [(invoice.number, line) for invoice in invoices for line in invoice.draft.lines if line.corrects]
    if lines:
        ids = version_ids({line.line_key for _, line in lines})
        given = [
            ReleasedPeriod(
                version_id=ids[line.line_key],
                lower=line.period.start,
                upper=line.period.end,
                billed_by=line.corrects,
                document=number,
            )
            for number, line in lines
        ]
        release_periods(given)
        mark_credited(Credited(version_id=row.version_id, day=row.lower) for row in given)
    due = credits_due({invoice.customer.pk: invoice.customer for invoice in invoices}.values())
    parts = billed_parts([line.key for line, _ in due.values()])
    mark_settled([pk for pk, (line, zone) in due.items() if not _owes(line, parts.get(line.key, ()), zone)])


def _owes(line: AgreedLine, parts: Sequence[BilledPart], zone: str) -> bool:
    """Return whether something of a line is left to give back, on whatever day."""
    return any(credits_for(part, line.active, basis=line.basis, zone=zone) for part in parts)
