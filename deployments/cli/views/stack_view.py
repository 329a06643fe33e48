"""One stack at this moment: what is wanted, what runs, and who changes it."""

from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from deployments.cli.installation import Installation
from deployments.cli.views.backups import BackupAge, backup_age
from infra_specs.advice.growth import Advice
from infra_specs.catalogue.web import holds_own_certificate
from infra_specs.certificates.hosts import fetched_hosts
from infra_specs.certificates.notes import CertificateNote, certificate_notes
from infra_specs.desired import desired_as_deployed, desired_with_release
from infra_specs.errors import TenfoldError
from infra_specs.plan.backoff import FAILURES_SEEN, Rest, rest_of
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.releases.selection import ReleaseState, is_settled
from infra_specs.resources.history import history_among
from infra_specs.resources.instance import Instance, links_of
from infra_specs.stack_fault import StackFault
from tasks.autoscaling.advice import growth_of
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.clock import now
from tasks.base.side_by_side import ANSWER_SECONDS, side_by_side
from tasks.changes.one_off import exclude_claimed
from tasks.ledger import Holder, Release, Run, StackRecord
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.stack.record import recorded_snapshot

_TORN_DOWN_SECONDS = ANSWER_SECONDS / 2
"""Seconds that the target of a torn-down stack may take. They end before its silence becomes a fault."""


@dataclass(frozen=True, slots=True)
class StackView:
    """One stack as it is at this moment."""

    record: StackRecord
    observed: tuple[Instance, ...]
    """All that its target holds of it."""
    holder: Holder | None
    drift: Plan | None
    """What a reconcile would do; None for a stack that is torn down or cannot be planned."""
    releases: tuple[Release, ...] = ()
    """The newest one and the last proven one."""
    advice: tuple[Advice, ...] = ()
    """Advice about its growth."""
    fault: StackFault | None = None
    """Why it cannot be planned. Its instances are shown all the same."""
    runs: tuple[Run, ...] = ()
    """Its last runs, the newest first."""
    rest: Rest = field(default_factory=Rest)
    """What of it the timer leaves alone after failures."""
    certificates: tuple[CertificateNote, ...] = ()
    """A note for each host whose certificate is fetched."""
    backup: BackupAge | None = None
    """How old its backups are; None for a stack without data that is backed up."""
    silent: str = ""
    """Why the target of a torn-down stack does not answer. That is no fault: the target may be gone, too."""

    @property
    def history(self) -> tuple[Instance, ...]:
        """Failed instances that healthy ones took the place of, kept for their log."""
        return history_among(self.observed)

    @property
    def instances(self) -> tuple[Instance, ...]:
        """What counts: all but the history."""
        history = self.history
        return tuple(instance for instance in self.observed if instance not in history)

    @property
    def last_changed(self) -> float:
        """When a run last changed it or its record did, in seconds since the epoch."""
        return max(self.record.since, *(run.ended or run.began for run in self.runs if run.changes), 0.0)

    @property
    def links(self) -> dict[str, str]:
        """The address of each service."""
        return links_of(self.instances)


def look(installation: Installation, record: StackRecord) -> StackView:
    """The stack as it is now. Raises TransientError if the target of a stack that is wanted does not answer."""
    stack, ledger = record.stack(), installation.ledger
    holder, releases = ledger.locks.holder(record.name), ledger.releases.active(record.name)
    runs = tuple(run for run in ledger.runs.history(record.name, FAILURES_SEEN) if run.verb != "run")
    if not record.wanted:
        answers, silent = side_by_side({record.name: partial(installation.observed, stack)}, _TORN_DOWN_SECONDS)
        why = silent[0].why if silent else ""
        return StackView(record, answers.get(record.name, ()), holder, None, releases, silent=why)
    rest = rest_of(
        runs,
        ledger.runs.attempts(record.name),
        settled=is_settled(releases),
        every_seconds=installation.settings.reconcile_seconds,
        moment=now(),
    )
    instances = installation.observed(stack)
    has_own = holds_own_certificate(stack, ledger.secrets.kept(record.name))
    backup = backup_age(ledger, stack, installation.settings.home, record.since)
    certificates = certificate_notes(fetched_hosts(stack), ledger.certificates.of(record.name), now(), has_own=has_own)
    try:
        if releases and releases[0].state is ReleaseState.ROLLING_OUT and changing(holder):
            desired = desired_with_release(recorded_snapshot(ledger, record.name), releases[0].content)
        else:
            desired = desired_as_deployed(recorded_snapshot(ledger, record.name))
    except TenfoldError as error:
        fault = StackFault.of(record.name, error)
        return StackView(
            record,
            instances,
            holder,
            None,
            releases,
            fault=fault,
            runs=runs,
            rest=rest,
            certificates=certificates,
            backup=backup,
        )
    drift = make_plan(record.name, desired.resources, exclude_claimed(ledger, instances), moment=now())
    advice = growth_of(ledger, ScaledStack.of(record))
    return StackView(
        record,
        instances,
        holder,
        drift,
        releases,
        advice,
        runs=runs,
        rest=rest,
        certificates=certificates,
        backup=backup,
    )


def data(view: StackView) -> dict[str, Any]:
    """The stack as JSON data. The outputs of an instance contain no secret."""
    record, holder, drift = view.record, view.holder, view.drift
    return {
        "name": record.name,
        "target": record.target,
        "wanted": record.wanted,
        "since": record.since,
        "last_changed": view.last_changed,
        "rests_until": view.rest.stack_until,
        "resting": dict(view.rest.addresses),
        "silent": view.silent or None,
        "links": view.links,
        "certificates": [
            {"host": note.host, "until": note.until, "said": note.text, "loud": note.loud} for note in view.certificates
        ],
        "backup": asdict(view.backup) if view.backup else None,
        "lock": {"who": str(holder.owner), "since": holder.since, "until": holder.until} if holder else None,
        "drift": drift.summary if drift and not drift.empty else None,
        "advice": [advice.said for advice in view.advice],
        "replicas_asked_for": record.override_counts,
        "releases": [
            {"number": release.number, "state": release.state, "since": release.since} for release in view.releases
        ],
        "instances": [_instance_data(instance) for instance in view.instances],
        "kept_for_log": [_instance_data(instance) for instance in view.history],
    }


def _instance_data(instance: Instance) -> dict[str, Any]:
    members = {"members": [asdict(member) for member in instance.members]} if instance.members else {}
    return {
        "address": instance.address,
        "kind": instance.kind,
        "incarnation": instance.incarnation,
        "state": instance.health.state,
        "reason": instance.health.reason,
        "since": instance.health.since,
        "outputs": dict(instance.outputs),
        "holds_data": instance.stateful,
        **members,
    }


def changing(holder: Holder | None) -> bool:
    """Whether a run holds the lock, unless its lease is over or its process is known to be gone."""
    return holder is not None and holder.until > now() and owner_is_alive(holder.owner) is not False
