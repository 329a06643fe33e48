"""What alerts are decided from, as the ledger, the check and the last looks have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from infra_specs.alerts.facts import BackupFacts, Repair, ServiceFacts, StackFacts, Undelivered, Work
from infra_specs.alerts.stack_look import StackLook, unknown
from infra_specs.backup.time import is_backed_up
from infra_specs.catalogue.web import CERTIFICATE, holds_own_certificate
from infra_specs.certificates.certificate import read
from infra_specs.certificates.hosts import fetched_hosts
from infra_specs.pricing.month import Spent
from infra_specs.releases.selection import ReleaseState
from infra_specs.scaling.measurement import Measurement
from infra_specs.stackfile.models.stack import Stack
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.ledger import CheckResult, Key, Ledger, StackRecord
from tasks.ledger.backup_results import BackupResult
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.ledger.troubled import TROUBLE_SECONDS

ERRORS_SECONDS = 300.0
"""Of requests, that errors are counted in."""
LIMITS = frozenset({"maximum", "design capacity", "budget", "room"})
"""The steps of a decision that hold a count back, though more is asked for."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is read once for all stacks. `faults`: stack -> why its target, or its spec, cannot be read."""

    moment: float
    results: Mapping[Key, CheckResult]
    windows: Mapping[Key, Sequence[Measurement]]
    looks: Mapping[str, StackLook]
    repairs: Mapping[str, Repair]
    backups: Mapping[str, BackupResult]
    waiting: Mapping[str, Mapping[str, Undelivered]]
    spent: Mapping[str, Spent]
    faults: Mapping[str, str]


def surroundings(
    ledger: Ledger, results: Sequence[CheckResult], looks: Mapping[str, StackLook], faults: Mapping[str, str],
    moment: float,
) -> Surroundings:  # fmt: skip
    """Read it. Blocks; raises LedgerError."""
    return Surroundings(
        moment,
        {(result.stack, result.service): result for result in results},
        ledger.measurements.recent(moment - ERRORS_SECONDS),
        looks,
        ledger.runs.failing_repairs(moment - TROUBLE_SECONDS),
        ledger.backup_results.all(),
        ledger.messages.waiting(moment),
        ledger.costs.this_month(),
        faults,
    )


def facts_of(ledger: Ledger, record: StackRecord, around: Surroundings) -> StackFacts:
    """What is known of one stack that is up. Blocks; raises TenfoldError for a spec that cannot be read."""
    scaled = ScaledStack.of(record, around.spent.get(record.name))
    stack, name, moment = scaled.stack, record.name, around.moment
    look = around.looks.get(name)
    fresh = look if look is not None and look.tells(moment) else None
    seen = fresh or (unknown(look) if look else StackLook(moment))
    left = scaled.remaining_budget(moment)
    releases = ledger.releases.active(name)
    return StackFacts(
        name,
        moment,
        is_released=any(release.state is ReleaseState.HEALTHY for release in releases),
        unreadable=_unreadable(scaled, fresh, around),
        services={
            service: replace(_service(scaled, service, fresh, around), served=seen.served.get(service))
            for service in stack.services
        },
        needs={**dict.fromkeys(_expected(stack)), **seen.needs},
        answered=seen.answered,
        work=_work(ledger, name, moment),
        machines=seen.machines,
        connections=fresh.connections if fresh else None,
        has_database=stack.needs.database is not None,
        has_queue=stack.needs.queue is not None,
        queue=((*fresh.lengths_of(""), float(fresh.queue[0])), fresh.queue[1]) if fresh and fresh.queue else None,
        repair=around.repairs.get(name, Repair()),
        certificates=_certificates(ledger, scaled),
        budget=stack.budget,
        month_cost=None if left is None or stack.budget is None else stack.budget - left,
        debts=tuple(stack.debts),
        today=datetime.fromtimestamp(moment, UTC).date(),
        backup=_backup(scaled, around),
        undelivered=around.waiting.get(name, {}),
    )


def _expected(stack: Stack) -> tuple[str, ...]:
    """The proxy and the needs that the stack shall have, whether its target lists them or not."""
    wanted = {
        "proxy": any(service.port is not None for service in stack.services.values()),
        "database": stack.needs.database is not None,
        "cache": stack.needs.cache is not None,
        "queue": stack.needs.queue is not None,
    }
    return tuple(name for name, is_wanted in wanted.items() if is_wanted)


def _work(ledger: Ledger, name: str, moment: float) -> Work | None:
    """The run that holds the stack's lock; None for one that is known to be dead."""
    holder = ledger.locks.holder(name)
    if holder is None or holder.until <= moment or owner_is_alive(holder.owner) is False:
        return None
    return Work(holder.owner.verb, holder.since)


def _unreadable(scaled: ScaledStack, look: StackLook | None, around: Surroundings) -> str | None:
    """Why the target cannot be read: as the check found it, which asks for longer, if it asks about the stack."""
    if fault := around.faults.get(scaled.stack.name):
        return fault
    if look is None or not look.fault:
        return ""
    return None if scaled.scaled_services else look.fault


def _service(scaled: ScaledStack, name: str, look: StackLook | None, around: Surroundings) -> ServiceFacts:
    key = (scaled.stack.name, name)
    result, desired = around.results.get(key), scaled.counts.get(name, 0)
    serving = look.serving.get(name, 0) if look and not look.fault else None
    if result is None:
        return ServiceFacts(desired, serving, limited_by=None if name in scaled.scaled_services else "")
    measured, decision = result.measured, result.decision
    if measured.serving is not None and measured.status != "absent":
        serving = measured.serving
    requests, errors = _counted(around.windows.get(key, ()))
    is_measured = decision is not None and measured.status not in ("absent", "stale")
    limit = (
        next((step.name for step in decision.steps if step.name in LIMITS), "") if decision and is_measured else None
    )
    return ServiceFacts(
        desired, serving, requests, errors, measured.latency, scaled.stack.services[name].scaling.latency, limit,
        look.lengths_of(name) if look else (),
    )  # fmt: skip


def _counted(windows: Sequence[Measurement]) -> tuple[float | None, float | None]:
    """Requests and errors of these windows; None where none of them was counted."""
    counted = [window for window in windows if window.errors is not None]
    if not counted:
        return None, None
    requests = sum((window.requests_per_second or 0.0) * window.seconds for window in counted)
    return requests, sum((window.errors or 0.0) * window.seconds for window in counted)


def _certificates(ledger: Ledger, scaled: ScaledStack) -> dict[str, tuple[float, float]]:
    """Host -> the life of its certificate, fetched or given by the file."""
    if scaled.stack.tls is not None and scaled.stack.tls.email is None:
        return _own_certificate(ledger, scaled.stack)
    hosts = fetched_hosts(scaled.stack)
    known = ledger.certificates.of(scaled.stack.name) if hosts else {}
    return {
        host: (known[host].since, known[host].until)
        for host in hosts
        if host in known and known[host].version is not None
    }


def _own_certificate(ledger: Ledger, stack: Stack) -> dict[str, tuple[float, float]]:
    versions = ledger.secrets.versions(stack.name)
    if not holds_own_certificate(stack, versions):
        return {}
    try:
        certificate = read(str(ledger.secrets.value(stack.name, CERTIFICATE, versions[CERTIFICATE])))
    except ValueError:  # whoever provisions it says so
        return {}
    return {certificate.host or stack.name: (certificate.since, certificate.until)}


def _backup(scaled: ScaledStack, around: Surroundings) -> BackupFacts | None:
    if not is_backed_up(scaled.stack):
        return None
    result = around.backups.get(scaled.stack.name, BackupResult(around.moment))
    since = max(result.expected, scaled.since)
    return BackupFacts(since, result.good, result.failure, result.shrunk)
