"""The report of a stack, from the ledger."""

from infra_specs.overview.dora import dora, span_begin
from infra_specs.overview.report import Report, report_of
from infra_specs.releases.selection import RELEASES_KEPT
from tasks.autoscaling.advice import daily_peaks
from tasks.ledger import Ledger, StackRecord
from tasks.overview.facts import facts_of

DAY = 86_400.0
REPORT_DAYS = 7.0
DORA_DAYS = 90.0
"""A week has too few deployments to count."""


def report(ledger: Ledger, record: StackRecord, moment: float) -> Report:
    """The report of a stack for the week before this moment. Blocks.

    Raises SpecError for a stack that cannot be read.
    """
    record.stack()
    stack = facts_of(ledger, record, ledger.costs.this_month().get(record.name), moment)
    since = span_begin(stack.releases, RELEASES_KEPT, moment - DORA_DAYS * DAY)
    peaks = {service.name: daily_peaks(ledger, record.name, service.name, moment) for service in stack.services}
    return report_of(
        stack,
        peaks,
        ledger.outlines.decisions(record.name, moment - REPORT_DAYS * DAY),
        dora(stack.releases, since, moment),
        since=moment - REPORT_DAYS * DAY,
        until=moment,
    )
