"""The ledger's interface: it stores what cannot be observed on a target."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from infra_specs.errors import LedgerError
from infra_specs.pricing.month import Spent
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.selection import ReleaseState
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.scaling_input import PastDemand
from tasks.base.known_secrets import known_secrets
from tasks.base.settings import Settings
from tasks.ledger import (
    checks,
    claims,
    cost,
    decisions,
    lock,
    measurements,
    releases,
    run_log,
    runs,
    seasonality,
    stacks,
    startup_times,
)
from tasks.ledger.checks import Check, CheckResult, SavedState
from tasks.ledger.database import Database
from tasks.ledger.decisions import KeptDecision
from tasks.ledger.lock import Holder, Lease
from tasks.ledger.measurements import AggregatedMeasurement, Key
from tasks.ledger.migrate import migrate
from tasks.ledger.owner import Owner
from tasks.ledger.releases import Release
from tasks.ledger.runs import Run
from tasks.ledger.secrets import SecretVersion, Vault
from tasks.ledger.stacks import StackRecord


class Ledger:
    """Safe to use from many threads and processes. Every call blocks, briefly.

    A write is on the disk when its call returns. A call that takes a Lease writes only while the lease is valid, and
    otherwise raises Fenced and writes nothing. LedgerBusy: a retry may help; LedgerError: it will not.
    """

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        self._vault = Vault(database, key_file)

    @classmethod
    def open(cls, settings: Settings) -> "Ledger":
        """Open the ledger of an installation. Creates a missing ledger, and migrates an older one."""
        database = Database(settings.ledger_url)
        if password := database.url.password:
            known_secrets.learn("ledger", password)
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        return cls(database, settings.key_file)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The lock

    def acquire(self, stack: str, owner: Owner, lease_seconds: float) -> Lease:
        """Take the stack's lock without waiting. Raises LockHeld, with the holder and since when.

        The lock is taken over from a dead owner, or after its lease ran out; its open runs are marked as crashed.
        """
        return lock.acquire(self._database, stack, owner, lease_seconds)

    def renew(self, lease: Lease) -> None:
        """Renew the lease. Raises Fenced when the lock is lost or the lease has run out already."""
        lock.renew(self._database, lease)

    def check(self, lease: Lease) -> None:
        """Raise Fenced unless the lock is ours and its lease runs: asked before every outside effect."""
        lock.check(self._database, lease)

    def release(self, lease: Lease) -> None:
        """Release the lock if the lease is still valid; otherwise do nothing."""
        lock.release(self._database, lease)

    def holder(self, stack: str) -> Holder | None:
        """The holder of the lock, even if it is dead or its lease ran out; None if the lock is free."""
        return lock.holder(self._database, stack)

    def claim(self, stack: str, address: str, owner: Owner, lease_seconds: float) -> Lease:
        """Claim an address of a stack for a run that does not hold the stack's lock.

        A claim is renewed, released, taken over and lost like a lock.
        """
        return claims.claim(self._database, stack, address, owner, lease_seconds)

    def claimed(self, stack: str, address: str) -> bool:
        """Whether the address has a valid claim: its owner is alive, or is on another machine with a valid lease."""
        return claims.claimed(self._database, stack, address)

    # Stacks

    def set_desired(self, lease: Lease, name: str, spec: Mapping[str, Any], source: str) -> None:
        """Set the desired spec of the stack. `source`: the folder that relative paths of the spec start at."""
        stacks.set_desired(self._database, lease, name, spec, source)

    def mark_torn_down(self, lease: Lease) -> None:
        """Mark the stack as torn down. Its spec stays, so that it can be provisioned again."""
        stacks.mark_torn_down(self._database, lease)

    def forget(self, lease: Lease) -> None:
        """Delete everything about the stack, so that a later stack of this name starts fresh.

        Only its last run stays, as a record of who tore it down and when.
        """
        stacks.forget(self._database, lease)

    def override(self, lease: Lease, service: str, replicas: int, reason: str) -> None:
        """Set the replica count of a service. It overrides the sizing of the spec."""
        stacks.override(self._database, lease, service, replicas, reason)

    def clear_override(self, lease: Lease, service: str) -> None:
        """Remove the override, so that the sizing of the spec applies again."""
        stacks.clear_override(self._database, lease, service)

    def stack_record(self, name: str) -> StackRecord | None:
        """The record of a stack, torn down or not; None if the ledger does not know it."""
        return stacks.stack_record(self._database, name)

    def stacks(self) -> tuple[StackRecord, ...]:
        """The records of all stacks, torn down or not, ordered by name."""
        return stacks.all_stacks(self._database)

    # Releases

    def begin_release(
        self, lease: Lease, verb: str, reason: str, *, content: ReleaseManifest, file: ReleaseManifest
    ) -> Release:
        """Record the next release as `proving`, before anything of it is created.

        Returns the last release again if it has the same manifest and its run was cut off. Deletes expired releases.
        """
        return releases.begin(self._database, lease, verb, reason, content=content, file=file)

    def pass_stages(self, lease: Lease, number: int, stages: int) -> None:
        """Record how many stages of the rollout are done; they are not repeated."""
        releases.pass_stages(self._database, lease, number, stages)

    def refile_release(self, lease: Lease, number: int, file: ReleaseManifest) -> None:
        """Set the release's file manifest, after a change of the file that the release contains already."""
        releases.refile(self._database, lease, number, file)

    def prove_release(self, lease: Lease, number: int) -> None:
        """Mark the release as proven: the whole stack is healthy with it. Newer releases become `undone`."""
        releases.prove(self._database, lease, number)

    def end_release(
        self, lease: Lease, number: int, state: Literal[ReleaseState.FAILED, ReleaseState.ROLLED_BACK], message: str
    ) -> None:
        """Mark the release as failed or undone. `message` says why."""
        releases.end(self._database, lease, number, state, known_secrets.redacted(message))

    def releases(self, stack: str) -> tuple[Release, ...]:
        """All stored releases of the stack, the newest first."""
        return releases.all_releases(self._database, stack)

    def active_releases(self, stack: str) -> tuple[Release, ...]:
        """The newest release and the last proven one, if there are any; the newest first."""
        return releases.active(self._database, stack)

    # Runs

    def begin(self, lease: Lease, verb: str, reason: str, plan: Any) -> str:
        """Record the start of a run with its plan as JSON data. Returns the run's id."""
        return run_log.begin(
            self._database, lease, verb, known_secrets.redacted(reason), known_secrets.redacted_data(plan)
        )

    def intend(self, lease: Lease, run: str, change: Mapping[str, str]) -> str:
        """Record a change before it is made, with `action`, `address`, `reason` and `text`. Returns the change's id."""
        redacted_change = {
            **change,
            "reason": known_secrets.redacted(change["reason"]),
            "text": known_secrets.redacted(change["text"]),
        }
        return run_log.intend(self._database, lease, run, redacted_change)

    def outcome(self, lease: Lease, change: str, state: run_log.End, message: str, seconds: float) -> None:
        """Record the outcome of a change."""
        run_log.outcome(self._database, lease, change, state, known_secrets.redacted(message), seconds=seconds)

    def finish(self, lease: Lease, run: str, state: run_log.End, message: str) -> None:
        """Record the end of a run. A run without an end becomes `crashed` when the lock is taken next."""
        run_log.finish(self._database, lease, run, state, known_secrets.redacted(message))

    def history(self, stack: str, limit: int) -> tuple[Run, ...]:
        """The stack's last runs with their changes, the newest first."""
        return runs.history(self._database, stack, limit)

    def run(self, id: str) -> Run:
        """One run. Raises LedgerError for an unknown id."""
        return runs.run(self._database, id)

    # Checks: what was measured and decided

    def recall(self, stack: str | None = None) -> dict[Key, SavedState]:
        """The state that the last check saved, of one stack or of all, by stack and service."""
        return checks.recall(self._database, stack)

    def seasonality(self, now: float, ahead: Mapping[Key, float]) -> dict[Key, tuple[PastDemand, ...]]:
        """The demand of earlier days at this time of day, by service, as far as it is known.

        `ahead`: the startup time of a replica in seconds, by service.
        """
        return seasonality.past_demand(self._database, now, ahead)

    def record_check(self, lease: Lease, check: Check, results: Sequence[CheckResult]) -> dict[Key, str]:
        """Keep all that a check measured and decided, and trim some of what is too old. Returns the decisions' ids.

        `hold` is that of the lock `checks.CHECK_LOCK`.
        """
        return checks.record(self._database, lease, check, results)

    def acted(self, lease: Lease, decision: str, flow_run_id: str) -> None:
        """Record the scale run that the decision started."""
        checks.acted(self._database, lease, decision, flow_run_id)

    def last_check(self) -> Check | None:
        """The last finished check."""
        return checks.last(self._database)

    def month_costs(self) -> dict[str, Spent]:
        """The last recorded cost of each stack in its month."""
        return cost.month_costs(self._database)

    def record_costs(self, lease: Lease, results: Mapping[str, Spent]) -> None:
        """Keep what these stacks have cost. `hold` is that of the lock `checks.CHECK_LOCK`."""
        cost.record(self._database, lease, results)

    def startup_times(self) -> dict[Key, float]:
        """Seconds from a decision until a replica serves, measured from each service's last replicas."""
        return startup_times.startup_times(self._database)

    def decisions(self, stack: str, service: str | None, limit: int) -> tuple[KeptDecision, ...]:
        """The last decisions of a service or of the whole stack, the newest first."""
        return decisions.read(self._database, stack, service, limit)

    def samples(self, stack: str, service: str, since: float, until: float) -> tuple[Measurement, ...]:
        """All measured windows that ended in this span, in order. They are kept for two days."""
        return measurements.read_samples(self._database, (stack, service), since, until)

    def measurements(self, stack: str, service: str, since: float, until: float) -> tuple[AggregatedMeasurement, ...]:
        """All five-minute measurements of this span, in order. They are kept for five weeks."""
        return measurements.read_measurements(self._database, (stack, service), since, until)

    # Secrets

    def secret_set(self, stack: str, name: str, value: str | bytes) -> int:
        """Store a new version of a secret, encrypted. Returns its number. Earlier versions stay readable."""
        return self._vault.put(stack, name, value)

    def ensure_secret(self, lease: Lease, stack: str, name: str) -> int:
        """The newest version of a secret. A missing secret is generated: 32 random url-safe characters."""
        return self._vault.ensure(lease, stack, name)

    def secret_value(self, stack: str, name: str, version: int) -> str | bytes:
        """The value of a secret. Raises LedgerError for an unknown secret, or when the key does not fit."""
        return self._vault.value(stack, name, version)

    def learn_secrets(self, stack: str) -> None:
        """Register every stored secret of the stack for redaction in this process.

        Raises LedgerError when the key does not fit.
        """
        self._vault.learn(stack)

    def redacted(self, stack: str, text: str) -> str:
        """The text without any stored secret of the stack.

        If the secrets cannot be read, a sentence that says why, in place of the text.
        """
        try:
            self.learn_secrets(stack)
        except LedgerError as error:
            return f"Not shown, since it may hold secrets that cannot be read now. {error}"
        return known_secrets.redacted(text)

    def secret_versions(self, stack: str) -> dict[str, int]:
        """Secret name -> its newest version."""
        return {secret.name: secret.version for secret in self.secret_list(stack)}

    def secret_list(self, stack: str) -> tuple[SecretVersion, ...]:
        """The stack's secrets by name, without their values."""
        return self._vault.newest(stack)

    def secret_kept(self, stack: str) -> dict[str, tuple[int, ...]]:
        """Secret name -> every version of it that can still be read, the newest last."""
        return self._vault.kept(stack)

    def secret_remove(self, stack: str, name: str) -> None:
        """Erase every version of a secret; its numbers are not used again. Raises LedgerError for an unknown one."""
        self._vault.remove(stack, name)
