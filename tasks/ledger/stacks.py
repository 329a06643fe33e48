"""Stacks as they were last wanted, and the counts that were asked for over their specs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from infra_specs.certificates.host_certificate import HostCertificate
from infra_specs.errors import LedgerError, SpecError
from infra_specs.fleet.of_stack import on_fleet
from infra_specs.plan.timer import TimedStack
from infra_specs.sharing.claims import NO_CLAIMS, Claims
from infra_specs.sharing.front import ClaimedHosts
from infra_specs.stackfile.models.hosts import FleetHosts
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import stored
from tasks.ledger.certificates import certificates_of
from tasks.ledger.database import Database
from tasks.ledger.fleets import fleets_in
from tasks.ledger.hosts import claimed_hosts, drop_claims, set_claims
from tasks.ledger.json_column import BrokenJson
from tasks.ledger.locks import Lease, guard
from tasks.ledger.releases import Release, active_releases
from tasks.ledger.secrets import kept_versions
from tasks.ledger.tables import (
    alerts,
    backup_results,
    certificates,
    decisions,
    hours,
    looks,
    measurements,
    messages,
    overrides,
    remembered,
    runs,
    samples,
    secrets,
    silences,
    spending,
    stacks,
)
from tasks.ledger.troubled import troubled_stacks

_CHECK_TABLES = (remembered, decisions, spending)
"""Tables with the state that autoscale checks continue from."""
_ALERT_TABLES = (alerts, messages, silences, backup_results, looks)


@dataclass(frozen=True, slots=True)
class Override:
    """A replica count that overrides the sizing, and why."""

    replicas: int
    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class StackRecord:
    """A stack as last wanted. `wanted` is False after a teardown, `since` when spec, source or that changed last."""

    name: str
    spec: Mapping[str, Any] | BrokenJson
    source: str
    target: str
    wanted: bool
    since: float
    overrides: Mapping[str, Override] = field(default_factory=dict)
    reconciled: float | None = None
    """When a reconcile last began, in seconds since the epoch; None where its target does not ask."""
    fleets: Mapping[str, FleetHosts] = field(default_factory=dict)
    """All fleets by their names, where its target is one."""

    def stack(self) -> Stack:
        """The spec, as this version of Tenfold reads it, on its fleet if it has one.

        Raises SpecError that names the stack and what to do.
        """
        mend = "Provision it from its file again, or use the version of Tenfold that wrote it."
        if isinstance(self.spec, BrokenJson):
            raise SpecError(f"{self.name}: its spec in the ledger is no JSON ({self.spec.why}). {mend}")
        try:
            stack = stored(self.spec)
        except SpecError as error:
            raise SpecError(f"{self.name}: its spec in the ledger cannot be read. {mend}\n{error}") from None
        if stack.name != self.name:
            raise SpecError(f"{self.name}: its spec in the ledger is that of {stack.name}. {mend}")
        return on_fleet(stack, self.fleets)

    @property
    def override_counts(self) -> dict[str, int]:
        """Overriding replica count by service."""
        return {service: override.replicas for service, override in self.overrides.items()}


@dataclass(frozen=True, slots=True)
class StackState:
    """A stack at one moment. `record` is None for an unknown stack, which may have secrets already.

    `releases`: the newest and the last healthy one, the newest first. `secret_versions`: by name, the newest last.
    """

    record: StackRecord | None
    releases: tuple[Release, ...]
    secret_versions: Mapping[str, tuple[int, ...]]
    certificates: Mapping[str, HostCertificate]
    """By host what is known of its fetched certificate."""
    hosts: ClaimedHosts
    """Which stack of all has which host."""


class Stacks:
    """Stacks as they were last desired, and the counts asked for over their specs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_desired(
        self,
        lease: Lease,
        name: str,
        spec: Mapping[str, Any],
        source: str,
        *,
        claims: Claims = NO_CLAIMS,
    ) -> None:
        """Set the desired spec of the stack. `source`: the folder that relative paths of the spec start at.

        `claims`: the hosts that it has from now on. Raises PlanError, and writes nothing, if another stack stands in
        the way of one.
        """
        if name != lease.stack:
            raise LedgerError(f"The lock is {lease.stack}'s and the spec {name}'s. Take the lock of {name}.")
        values = {"spec": dict(spec), "source": source, "target": spec["target"]["provider"], "wanted": True}
        with self._database.write() as connection:
            guard(connection, lease)
            set_claims(self._database, connection, name, claims)
            previous = connection.execute(sa.select(stacks).where(stacks.c.name == name)).mappings().one_or_none()
            if previous is None:
                for table in _CHECK_TABLES:  # what a check that was under way wrote of one that was forgotten meanwhile
                    connection.execute(sa.delete(table).where(table.c.stack == name))
                connection.execute(sa.insert(stacks).values(name=name, **values, since=self._database.now(connection)))
            elif any(previous[column] != value for column, value in values.items()):
                now = self._database.now(connection)
                connection.execute(sa.update(stacks).where(stacks.c.name == name).values(**values, since=now))
                if not previous["wanted"]:  # torn down it has cost nothing
                    connection.execute(sa.update(spending).where(spending.c.stack == name).values(at=now))

    def mark_torn_down(self, lease: Lease) -> None:
        """Mark the stack as torn down, and its hosts as free. Its spec stays, so that it can be provisioned again."""
        active = (stacks.c.name == lease.stack) & stacks.c.wanted
        with self._database.write() as connection:
            guard(connection, lease)
            connection.execute(
                sa.update(stacks).where(active).values(wanted=False, since=self._database.now(connection))
            )
            drop_claims(self._database, connection, lease.stack)

    def mark_reconciled(self, lease: Lease) -> None:
        """Record that a reconcile of the stack begins now."""
        with self._database.write() as connection:
            guard(connection, lease)
            now = self._database.now(connection)
            connection.execute(sa.update(stacks).where(stacks.c.name == lease.stack).values(reconciled=now))

    def forget(self, lease: Lease) -> None:
        """Delete everything about the stack, so that a later stack of this name starts fresh.

        Only its last run stays, as a record of who tore it down and when.
        """
        with self._database.write() as connection:
            guard(connection, lease)
            for table in (*_CHECK_TABLES, *_ALERT_TABLES, samples, measurements, hours, secrets, certificates):
                connection.execute(sa.delete(table).where(table.c.stack == lease.stack))
            own = (runs.c.kind == "stack") & (runs.c.stack == lease.stack)
            last = sa.select(sa.func.max(runs.c.id)).where(own).scalar_subquery()
            connection.execute(sa.delete(runs).where(own & (runs.c.id < last)))
            connection.execute(sa.delete(stacks).where(stacks.c.name == lease.stack))

    def override(self, lease: Lease, service: str, replicas: int, reason: str) -> None:
        """Set the replica count of a service. It overrides the sizing of the spec."""
        with self._database.write() as connection:
            guard(connection, lease)
            if connection.scalar(sa.select(stacks.c.name).where(stacks.c.name == lease.stack)) is None:
                raise LedgerError(
                    f"The ledger knows no stack `{lease.stack}`. Give its file to `tenfold provision` first."
                )
            values = {"replicas": replicas, "reason": reason, "since": self._database.now(connection)}
            new = self._database.insert(overrides).values(stack=lease.stack, service=service, **values)
            connection.execute(new.on_conflict_do_update(index_elements=["stack", "service"], set_=values))

    def clear_override(self, lease: Lease, service: str) -> None:
        """Remove the override, so that the sizing of the spec applies again."""
        match = (overrides.c.stack == lease.stack) & (overrides.c.service == service)
        with self._database.write() as connection:
            guard(connection, lease)
            connection.execute(sa.delete(overrides).where(match))

    def read(self, name: str, *, with_releases: bool = True) -> StackState:
        """All that the ledger knows of a stack at one moment, known or not: read once, in one transaction.

        Raises PlanError for a release that cannot be read. `with_releases`: False for a verb that needs none.
        """
        with self._database.read() as connection:
            record = _record(connection, name)
            releases = active_releases(connection, name) if with_releases else ()
            versions, fetched = kept_versions(connection, name), certificates_of(connection, name)
            return StackState(record, releases, versions, fetched, claimed_hosts(connection))

    def find(self, name: str) -> StackRecord | None:
        """The record of a stack, torn down or not; None if the ledger does not know it."""
        with self._database.read() as connection:
            return _record(connection, name)

    def all(self) -> tuple[StackRecord, ...]:
        """The records of all stacks, torn down or not, ordered by name."""
        with self._database.read() as connection:
            return _records(connection, sa.select(stacks).order_by(stacks.c.name), sa.true())

    def timed(self) -> tuple[TimedStack, ...]:
        """Every stack that is up, as far as the timer depends on it."""
        with self._database.read() as connection:
            troubled = troubled_stacks(connection, self._database.now(connection))
            records = _records(connection, sa.select(stacks).where(stacks.c.wanted), sa.true())
        return tuple(TimedStack(tells=_tells(record), settled=record.name not in troubled) for record in records)


def _tells(record: StackRecord) -> bool:
    """Of a stack that cannot be read nobody is told."""
    try:
        return record.stack().target.tells
    except SpecError:
        return False


def _record(connection: sa.Connection, name: str) -> StackRecord | None:
    records = _records(connection, sa.select(stacks).where(stacks.c.name == name), overrides.c.stack == name)
    return records[0] if records else None


def _records(
    connection: sa.Connection, query: "sa.Select[Any]", condition: "sa.ColumnElement[bool]"
) -> tuple[StackRecord, ...]:
    rows = connection.execute(query).mappings().all()
    known = fleets_in(connection) if any(row["target"] == "swarm" for row in rows) else ()
    fleets = {fleet.name: fleet for fleet in known}
    asked = connection.execute(sa.select(overrides).where(condition).order_by(overrides.c.service)).mappings().all()
    return tuple(StackRecord(**row, overrides=_of(row["name"], asked), fleets=fleets) for row in rows)


def _of(name: str, overrides_rows: Sequence[sa.RowMapping]) -> dict[str, Override]:
    own_rows = (row for row in overrides_rows if row["stack"] == name)
    return {row["service"]: Override(row["replicas"], row["reason"], row["since"]) for row in own_rows}
