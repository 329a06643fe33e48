"""The report of a stack, from the ledger."""

from infra_specs.overview.dora import dora, span_begin
from infra_specs.overview.report import Report, report_of
from infra_specs.releases.selection import RELEASES_KEPT
from tasks.ledger import Ledger, StackRecord
from tasks.ledger.measurements import MEASUREMENTS_KEPT
from tasks.overview.facts import Known, facts_of

DAY = 86_400.0
REPORT_DAYS = 7.0
DORA_DAYS = 90.0
"""A week has too few deployments to count."""


def report(ledger: Ledger, record: StackRecord, moment: float) -> Report:
    """The report of a stack for the week before this moment. Blocks.

    Raises SpecError for a stack that cannot be read.
    """
    record.stack()
    stack = facts_of(Known.read(ledger, moment), record)
    since = span_begin(stack.releases, RELEASES_KEPT, moment - DORA_DAYS * DAY, moment)
    return report_of(
        stack,
        ledger.outlines.daily_peaks(record.name, moment - MEASUREMENTS_KEPT),
        ledger.outlines.decisions(record.name, moment - REPORT_DAYS * DAY),
        dora(stack.releases, since, moment),
        since=moment - REPORT_DAYS * DAY,
        until=moment,
    )
