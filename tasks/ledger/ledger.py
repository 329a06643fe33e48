"""The ledger's one face: what cannot be observed, kept."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from infra_specs.errors import LedgerError
from infra_specs.pricing.month import Spent
from infra_specs.releases.content import Content
from infra_specs.scaling.measurement import Measured
from infra_specs.scaling.scaling_input import Earlier
from tasks.base.known_secrets import known
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
from tasks.ledger.checks import Check, Checked, Remembered
from tasks.ledger.database import Database
from tasks.ledger.decisions import KeptDecision
from tasks.ledger.lock import Hold, Holder
from tasks.ledger.measurements import Key, Measurement
from tasks.ledger.migrate import migrate
from tasks.ledger.owner import Owner
from tasks.ledger.releases import Release
from tasks.ledger.runs import Run
from tasks.ledger.secrets import SecretVersion, Vault
from tasks.ledger.stacks import Wanted


class Ledger:
    """Safe to use from many threads and processes at once. Every call blocks, briefly.

    What is written is on the disk when a call returns. A call that takes a Hold writes only while that lock is still
    ours, and otherwise raises Fenced and writes nothing. LedgerBusy: a retry may help; LedgerError: it will not.
    """

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        self._vault = Vault(database, key_file)

    @classmethod
    def open(cls, settings: Settings) -> "Ledger":
        """The ledger of an installation, made if it is not there, and migrated if it is older than this version."""
        database = Database(settings.ledger_url)
        if password := database.url.password:
            known.learn("ledger", password)
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
        return cls(database, settings.key_file)

    def close(self) -> None:
        """Give back connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The lock

    def acquire(self, stack: str, owner: Owner, lease_seconds: float) -> Hold:
        """Take the stack's lock, at once or not at all: raises LockHeld, saying who has it and since when.

        It is taken over from an owner that is seen to be gone, or whose lease ran out; runs that it left open are
        marked crashed.
        """
        return lock.acquire(self._database, stack, owner, lease_seconds)

    def renew(self, hold: Hold) -> None:
        """Let the lease begin again. Raises Fenced when the lock is lost or the lease has run out already."""
        lock.renew(self._database, hold)

    def check(self, hold: Hold) -> None:
        """Raise Fenced unless the lock is ours and its lease runs: asked before every outside effect."""
        lock.check(self._database, hold)

    def release(self, hold: Hold) -> None:
        """Give the lock back if it is still ours; otherwise nothing."""
        lock.release(self._database, hold)

    def holder(self, stack: str) -> Holder | None:
        """Who has the lock, dead or late as they may be; None if it was given back or never taken."""
        return lock.holder(self._database, stack)

    def claim(self, stack: str, address: str, owner: Owner, lease_seconds: float) -> Hold:
        """Say that what is at this address of a stack is in use by a run that does not keep the stack's lock.

        It is renewed, released, taken over and lost as a lock is.
        """
        return claims.claim(self._database, stack, address, owner, lease_seconds)

    def claimed(self, stack: str, address: str) -> bool:
        """Whether somebody says so who is seen to live, or cannot be seen from here and is not late."""
        return claims.claimed(self._database, stack, address)

    # Stacks

    def want(self, hold: Hold, name: str, spec: Mapping[str, Any], source: str) -> None:
        """This is what the stack shall be now. `source` is the folder that relative paths of the spec start at."""
        stacks.want(self._database, hold, name, spec, source)

    def unwant(self, hold: Hold) -> None:
        """Nothing of the stack is wanted any more; its spec stays, to come back to."""
        stacks.unwant(self._database, hold)

    def forget(self, hold: Hold) -> None:
        """Lose everything of the stack, so that a later one of its name starts from nothing.

        Only its last run stays: who took it down, and when.
        """
        stacks.forget(self._database, hold)

    def override(self, hold: Hold, service: str, replicas: int, reason: str) -> None:
        """From now on the service has that many replicas, whatever the spec's own arithmetic says."""
        stacks.override(self._database, hold, service, replicas, reason)

    def clear_override(self, hold: Hold, service: str) -> None:
        """The spec counts again."""
        stacks.clear_override(self._database, hold, service)

    def wanted(self, name: str) -> Wanted | None:
        """A stack as last wanted, torn down or not; None if it was never heard of or is forgotten."""
        return stacks.wanted(self._database, name)

    def stacks(self) -> tuple[Wanted, ...]:
        """Every stack, torn down or not, by name."""
        return stacks.every(self._database)

    # Releases

    def begin_release(self, hold: Hold, verb: str, reason: str, *, content: Content, file: Content) -> Release:
        """Write down the next release before anything of it is made: it is `proving`.

        The last one again, if it holds the same and its run was cut off. Old ones that nobody needs are forgotten.
        """
        return releases.begin(self._database, hold, verb, reason, content=content, file=file)

    def pass_stages(self, hold: Hold, number: int, stages: int) -> None:
        """So many stages of the release's rollout are over, and are not gone through again."""
        releases.passed(self._database, hold, number, stages)

    def refile_release(self, hold: Hold, number: int, file: Content) -> None:
        """The spec file has changed to this, and the release holds what it says already."""
        releases.refile(self._database, hold, number, file)

    def prove_release(self, hold: Hold, number: int) -> None:
        """The whole stack is healthy with this release. Newer ones, of which nothing is left then, are undone."""
        releases.prove(self._database, hold, number)

    def end_release(self, hold: Hold, number: int, state: Literal["failed", "undone"], message: str) -> None:
        """The release is not what runs, and why."""
        releases.end(self._database, hold, number, state, known.redacted(message))

    def releases(self, stack: str) -> tuple[Release, ...]:
        """Every release of the stack that is kept, the newest first."""
        return releases.every(self._database, stack)

    def standing_releases(self, stack: str) -> tuple[Release, ...]:
        """The newest and the last one proven, as far as there are such; the newest first."""
        return releases.standing(self._database, stack)

    # Runs

    def begin(self, hold: Hold, verb: str, reason: str, plan: Any) -> str:
        """Open a run, by the owner of the lock, with its plan as JSON data. Returns its id."""
        return run_log.begin(self._database, hold, verb, known.redacted(reason), known.redacted_data(plan))

    def intend(self, hold: Hold, run: str, change: Mapping[str, str]) -> str:
        """Before a change is made: `action`, `address`, `reason` and `text` of it. Returns the id of this intent."""
        told = {**change, "reason": known.redacted(change["reason"]), "text": known.redacted(change["text"])}
        return run_log.intend(self._database, hold, run, told)

    def outcome(self, hold: Hold, change: str, state: run_log.End, message: str, seconds: float) -> None:
        """After a change is proven, or has failed."""
        run_log.outcome(self._database, hold, change, state, known.redacted(message), seconds=seconds)

    def finish(self, hold: Hold, run: str, state: run_log.End, message: str) -> None:
        """Close a run. One that is never closed becomes `crashed` when the lock is taken next."""
        run_log.finish(self._database, hold, run, state, known.redacted(message))

    def history(self, stack: str, limit: int) -> tuple[Run, ...]:
        """The stack's last runs with their changes, the newest first."""
        return runs.history(self._database, stack, limit)

    def run(self, id: str) -> Run:
        """One run. Raises LedgerError for an unknown id."""
        return runs.run(self._database, id)

    # Checks: what was measured and decided

    def recall(self, stack: str | None = None) -> dict[Key, Remembered]:
        """What the last check left, of one stack or of all, by stack and service."""
        return checks.recall(self._database, stack)

    def rhythm(self, now: float, ahead: Mapping[Key, float]) -> dict[Key, tuple[Earlier, ...]]:
        """The demand of earlier days at this time of day, where it is known, of many services at once.

        `ahead`: for each service the seconds that a new replica of it needs to serve.
        """
        return seasonality.rhythm(self._database, now, ahead)

    def record_check(self, hold: Hold, check: Check, found: Sequence[Checked]) -> dict[Key, str]:
        """Keep all that a check measured and decided, and trim some of what is too old. Returns the decisions' ids.

        `hold` is that of the lock `checks.lock_name`.
        """
        return checks.record(self._database, hold, check, found)

    def acted(self, hold: Hold, decision: str, flow_run_id: str) -> None:
        """The decision started this run."""
        checks.acted(self._database, hold, decision, flow_run_id)

    def last_check(self) -> Check | None:
        """The last check that came to its end."""
        return checks.last(self._database)

    def spent(self) -> dict[str, Spent]:
        """What each stack was last seen to have cost in a month."""
        return cost.spent(self._database)

    def record_spent(self, hold: Hold, found: Mapping[str, Spent]) -> None:
        """Keep what these stacks have cost. `hold` is that of the lock `checks.lock_name`."""
        cost.record(self._database, hold, found)

    def starts(self) -> dict[Key, float]:
        """Seconds from a decision until a replica serves, as it was seen of each service's last ones, of all stacks."""
        return startup_times.starts(self._database)

    def decisions(self, stack: str, service: str | None, limit: int) -> tuple[KeptDecision, ...]:
        """The last decisions of a service or of the whole stack, the newest first."""
        return decisions.read(self._database, stack, service, limit)

    def samples(self, stack: str, service: str, since: float, until: float) -> tuple[Measured, ...]:
        """Every window that ended in this time, in order; they are kept for two days."""
        return measurements.read_samples(self._database, (stack, service), since, until)

    def measurements(self, stack: str, service: str, since: float, until: float) -> tuple[Measurement, ...]:
        """Every five minutes of this time, in order; they are kept for five weeks."""
        return measurements.read_measurements(self._database, (stack, service), since, until)

    # Secrets

    def secret_set(self, stack: str, name: str, value: str | bytes) -> int:
        """Keep a new version of a secret, encrypted. Returns its number; earlier ones can still be read."""
        return self._vault.put(stack, name, value)

    def ensure_secret(self, hold: Hold, stack: str, name: str) -> int:
        """The newest version of a secret; if there is none, 32 random url-safe characters are made and kept."""
        return self._vault.ensure(hold, stack, name)

    def secret_value(self, stack: str, name: str, version: int) -> str | bytes:
        """What a secret is. Raises LedgerError for an unknown one, or when the key does not fit."""
        return self._vault.value(stack, name, version)

    def learn_secrets(self, stack: str) -> None:
        """From now on no text that is redacted in this process tells any kept version of the stack's secrets.

        Raises LedgerError when the key does not fit.
        """
        self._vault.learn(stack)

    def redacted(self, stack: str, text: str) -> str:
        """Text of an app, an engine or a library, without any kept version of the stack's secrets.

        Where they cannot be read, a sentence in its place that says why.
        """
        try:
            self.learn_secrets(stack)
        except LedgerError as error:
            return f"Not shown, since it may hold secrets that cannot be read now. {error}"
        return known.redacted(text)

    def secret_versions(self, stack: str) -> dict[str, int]:
        """Secret name -> its newest version."""
        return {one.name: one.version for one in self.secret_list(stack)}

    def secret_list(self, stack: str) -> tuple[SecretVersion, ...]:
        """The stack's secrets by name, without their values."""
        return self._vault.newest(stack)

    def secret_kept(self, stack: str) -> dict[str, tuple[int, ...]]:
        """Secret name -> every version of it that can still be read, the newest last."""
        return self._vault.kept(stack)

    def secret_remove(self, stack: str, name: str) -> None:
        """Erase every version of a secret; its numbers are not used again. Raises LedgerError for an unknown one."""
        self._vault.remove(stack, name)
