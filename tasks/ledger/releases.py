"""Releases: numbered, each with its manifest, its reason and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from infra_specs.errors import LedgerError, PlanError
from infra_specs.releases.manifest import ReleaseManifest, manifest_from
from infra_specs.releases.selection import ReleaseState, expired
from infra_specs.releases.watch import Watch
from tasks.base.known_secrets import known_secrets
from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.tables import releases

CUT_OFF_MESSAGE = "Its run ended before it was proven."


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a stack: its manifest, who made it and why, and its outcome. Times are seconds since the epoch."""

    stack: str
    number: int
    state: ReleaseState
    passed: int
    """Finished stages of its rollout."""
    verb: str
    reason: str
    who: str
    flow_run_id: str | None
    content: ReleaseManifest
    file: ReleaseManifest
    """The manifest of the spec file when it was last provisioned, with the secret versions of this release's begin."""
    message: str
    since: float
    ended: float | None
    watch: Watch | None = None
    """What it is compared with after it took over, and the verdict; None if it is not watched."""

    def __str__(self) -> str:
        return f"release {self.number}"


class Releases:
    """The numbered releases of every stack."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, lease: Lease, verb: str, reason: str, *, content: ReleaseManifest, file: ReleaseManifest
    ) -> Release:
        """Record the next release as `proving`, before anything of it is created.

        Returns the last release again if it has the same manifest and its run was cut off. Deletes expired releases.
        """
        with self._database.write() as connection:
            guard(connection, lease)
            existing = _read(connection, _of(lease.stack))
            last = existing[0] if existing else None
            if last and last.state is ReleaseState.ROLLING_OUT and (last.content, last.file) == (content, file):
                return last
            now = self._database.now(connection)
            left = _of_stack(lease) & (releases.c.state == ReleaseState.ROLLING_OUT.value)
            connection.execute(
                sa.update(releases)
                .where(left)
                .values(state=ReleaseState.FAILED.value, message=CUT_OFF_MESSAGE, ended=now)
            )
            row = {
                "stack": lease.stack, "number": last.number + 1 if last else 1,
                "state": ReleaseState.ROLLING_OUT.value, "step": 0, "verb": verb,
                "reason": reason, "who": str(lease.owner), "flow_run_id": lease.owner.flow_run_id, "message": "",
                "content": content.data(), "file": file.data(), "since": now, "ended": None,
            }  # fmt: skip
            connection.execute(sa.insert(releases).values(**row))
            release = _release(row)
            expired_numbers = expired((release, *existing))
            connection.execute(sa.delete(releases).where(_of_stack(lease), releases.c.number.in_(expired_numbers)))
        return release

    def pass_stages(self, lease: Lease, number: int, stages: int) -> None:
        """Record how many stages of the rollout are done; they are not repeated."""
        _update(self._database, lease, number, {"step": stages})

    def refile(self, lease: Lease, number: int, file: ReleaseManifest) -> None:
        """Set the release's file manifest, after a change of the file that the release contains already."""
        _update(self._database, lease, number, {"file": file.data()})

    def prove(self, lease: Lease, number: int, watch: Watch | None = None) -> None:
        """Mark the release as proven: the whole stack is healthy with it. Newer releases become `undone`.

        From now on it is watched, if a `watch` is given.
        """
        with self._database.write() as connection:
            guard(connection, lease)
            now = self._database.now(connection)
            match = _of_stack(lease) & (releases.c.number == number) & (releases.c.state != ReleaseState.HEALTHY.value)
            connection.execute(
                sa.update(releases).where(match).values(state=ReleaseState.HEALTHY.value, message="", ended=now)
            )
            if watch is not None:
                watched = _of_stack(lease) & (releases.c.number == number)
                connection.execute(sa.update(releases).where(watched).values(watch=watch.data()))
            newer = sa.update(releases).where(_of_stack(lease), releases.c.number > number)
            connection.execute(
                newer.where(releases.c.state == ReleaseState.FAILED.value).values(
                    state=ReleaseState.ROLLED_BACK.value, ended=now
                )
            )
            cut = newer.where(releases.c.state == ReleaseState.ROLLING_OUT.value).values(
                state=ReleaseState.ROLLED_BACK.value, message=CUT_OFF_MESSAGE, ended=now
            )
            connection.execute(cut)

    def end_watch(self, lease: Lease, number: int, watch: Watch) -> None:
        """Record the verdict of its watch."""
        _update(self._database, lease, number, {"watch": watch.data()})

    def end(
        self,
        lease: Lease,
        number: int,
        state: Literal[ReleaseState.FAILED, ReleaseState.ROLLED_BACK],
        message: str,
        watch: Watch | None = None,
    ) -> None:
        """Mark the release as failed or undone. `message` says why; `watch`, if it did badly while it was watched."""
        values: dict[str, Any] = {"state": state.value, "message": known_secrets.shown(message)}
        if watch:
            values["watch"] = watch.data()
        _update(self._database, lease, number, values, ends=True)

    def all(self, stack: str) -> tuple[Release, ...]:
        """All stored releases of the stack, the newest first."""
        with self._database.read() as connection:
            return _read(connection, _of(stack))

    def active(self, stack: str) -> tuple[Release, ...]:
        """The newest release and the last proven one, if there are any; the newest first."""
        with self._database.read() as connection:
            return active_releases(connection, stack)


def active_releases(connection: sa.Connection, stack: str) -> tuple[Release, ...]:
    """As `Releases.active`, within a transaction that reads more."""
    newest = sa.select(sa.func.max(releases.c.number)).where(releases.c.stack == stack)
    healthy = newest.where(releases.c.state == ReleaseState.HEALTHY.value)
    either = releases.c.number.in_((newest.scalar_subquery(), healthy.scalar_subquery()))
    return _read(connection, _of(stack).where(either))


def _of(stack: str) -> "sa.Select[Any]":
    return sa.select(releases).where(releases.c.stack == stack).order_by(releases.c.number.desc())


def _of_stack(lease: Lease) -> "sa.ColumnElement[bool]":
    return releases.c.stack == lease.stack


def _update(database: Database, lease: Lease, number: int, values: Mapping[str, Any], *, ends: bool = False) -> None:
    with database.write() as connection:
        guard(connection, lease)
        columns = {**values, **({"ended": database.now(connection)} if ends else {})}
        match = _of_stack(lease) & (releases.c.number == number)
        if not connection.execute(sa.update(releases).where(match).values(**columns)).rowcount:
            raise LedgerError(f"{lease.stack} has no release {number}.")


def _read(connection: sa.Connection, query: "sa.Select[Any]") -> tuple[Release, ...]:
    return tuple(_release(row) for row in connection.execute(query).mappings())


def _release(row: "Mapping[str, Any] | sa.RowMapping") -> Release:
    fields = {name: value for name, value in row.items() if name not in ("state", "step", "content", "file", "watch")}
    try:
        content, file = manifest_from(row["content"]), manifest_from(row["file"])
    except PlanError as error:
        raise PlanError(f"{row['stack']}: release {row['number']} in the ledger. {error}") from error
    watch = Watch.from_data(row["watch"]) if isinstance(row.get("watch"), dict) else None
    state, passed = ReleaseState(row["state"]), row["step"]
    return Release(state=state, passed=passed, content=content, file=file, watch=watch, **fields)
