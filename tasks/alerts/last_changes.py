"""Link a new alert to the last change of its stack before the fault."""

from collections.abc import Sequence
from dataclasses import replace

from infra_specs.alerts.alert import Alert
from infra_specs.alerts.decide import Decided, Notice
from infra_specs.alerts.last_change import CHANGING_VERBS, PastRun, last_change
from infra_specs.releases.selection import ReleaseState
from tasks.ledger import Ledger, Run
from tasks.ledger.outlines import ReleaseOrigin

RUNS_SEEN = 50
DECISIONS_SEEN = 50


def with_last_changes(ledger: Ledger, decided: Decided) -> Decided:
    """The same with the last change in each alert that was raised now. Blocks; asks only about stacks with such."""
    new = {alert.id: alert for alert in decided.alerts if alert.raised is not None and alert.change is None}
    new = {id: alert for id, alert in new.items() if alert.ended is None}
    runs = {stack: past_runs(ledger, stack) for stack in {alert.stack for alert in new.values()}}
    linked = {
        id: replace(alert, change=last_change(alert.stack, runs[alert.stack], alert.since)) for id, alert in new.items()
    }

    def linked_ones(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
        return tuple(
            replace(alert, change=linked[alert.id].change) if alert.id in linked else alert for alert in alerts
        )

    notices = tuple(
        Notice(notice.stack, linked_ones(notice.begun), linked_ones(notice.going_on), notice.over)
        for notice in decided.notices
    )
    return Decided(linked_ones(decided.alerts), decided.forgotten, notices)


def past_runs(ledger: Ledger, stack: str) -> tuple[PastRun, ...]:
    """The last runs that changed a stack, as far as a fault may come of them. Blocks."""
    changing = [run for run in ledger.runs.history(stack, RUNS_SEEN) if run.verb in CHANGING_VERBS and run.changes]
    releases = ledger.outlines.origins(stack) if changing else ()
    counts = _counts_before(ledger, stack) if any(run.verb == "scale" for run in changing) else {}
    return tuple(
        PastRun(run.id, run.verb, run.began, run.reason, run.who, _release_before(run, releases),
                counts.get(run.flow_run_id or "", {}))
        for run in changing
    )  # fmt: skip


def _release_before(run: Run, releases: Sequence[ReleaseOrigin]) -> int | None:
    """The release that served before the one that a run began.

    None if the run began none, its release serves no more, or the one before has the same content.
    """
    if run.flow_run_id is None:
        return None
    own = next((release for release in releases if release.flow_run_id == run.flow_run_id), None)
    if own is None or own.state in (ReleaseState.FAILED, ReleaseState.ROLLED_BACK):
        return None
    healthy = (release for release in releases if release.state is ReleaseState.HEALTHY)
    before = max((release for release in healthy if release.number < own.number), key=_number, default=None)
    return None if before is None or before.content == own.content else before.number


def _number(release: ReleaseOrigin) -> int:
    return release.number


def _counts_before(ledger: Ledger, stack: str) -> dict[str, dict[str, int]]:
    """Flow run of a scale -> the service and its count before, of those that the scaler started."""
    decisions = ledger.decisions.recent(stack, None, DECISIONS_SEEN)
    return {kept.flow_run_id: {kept.decision.service: kept.decision.before} for kept in decisions if kept.flow_run_id}
