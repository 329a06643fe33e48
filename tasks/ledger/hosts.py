"""Which stack answers for which host at which port of a machine, and the ports that fronts have."""

from dataclasses import asdict

import sqlalchemy as sa

from infra_specs.sharing.claims import Claims, HostClaim, refuse_conflicts, without_conflicts
from infra_specs.sharing.front import ClaimedHosts, FrontPort, shared_after
from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.tables import front_ports, hosts

_CLAIMING = 2


class Hosts:
    """The claims of every stack that is up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> ClaimedHosts:
        """All of them."""
        with self._database.read() as connection:
            return claimed_hosts(connection)

    def claim(self, lease: Lease, claims: Claims) -> None:
        """Make these the stack's claims, in place of those that it has. Raises PlanError for what is another's."""
        with self._database.write() as connection:
            guard(connection, lease)
            set_claims(self._database, connection, lease.stack, claims)

    def claim_free(self, lease: Lease, claims: Claims) -> None:
        """As `claim`, of those that no other stack stands in the way of: a repair is refused nothing."""
        with self._database.write() as connection:
            guard(connection, lease)
            self._database.alone(connection, _CLAIMING)
            others = claimed_hosts(connection).of_others(lease.stack)
            set_claims(self._database, connection, lease.stack, without_conflicts(claims, others))


def set_claims(database: Database, connection: sa.Connection, stack: str, claims: Claims) -> None:
    """As `Hosts.claim`, within a transaction that writes more."""
    database.alone(connection, _CLAIMING)
    known = claimed_hosts(connection)
    refuse_conflicts(claims, known.of_others(stack))
    if claims.hosts == known.of(stack):
        return
    connection.execute(sa.delete(hosts).where(hosts.c.stack == stack))
    if claims.hosts:
        connection.execute(sa.insert(hosts), [asdict(claim) for claim in claims.hosts])
    _set_shared(connection, shared_after((*claims.hosts, *known.of_others(stack)), known.shared), known.shared)


def drop_claims(database: Database, connection: sa.Connection, stack: str) -> None:
    """Forget the claims of a stack, and the front's ports that nobody has any more."""
    database.alone(connection, _CLAIMING)
    known = claimed_hosts(connection)
    connection.execute(sa.delete(hosts).where(hosts.c.stack == stack))
    _set_shared(connection, shared_after(known.of_others(stack), known.shared), known.shared)


def claimed_hosts(connection: sa.Connection) -> ClaimedHosts:
    """As `Hosts.read`, within a transaction that reads more."""
    rows = connection.execute(sa.select(hosts)).mappings()
    ports = connection.execute(sa.select(front_ports))
    return ClaimedHosts(
        tuple(sorted(HostClaim(**row) for row in rows)), frozenset((machine, port) for machine, port in ports)
    )


def _set_shared(connection: sa.Connection, shared: frozenset[FrontPort], before: frozenset[FrontPort]) -> None:
    for machine, port in before - shared:
        row = (front_ports.c.machine == machine) & (front_ports.c.port == port)
        connection.execute(sa.delete(front_ports).where(row))
    for machine, port in shared - before:
        connection.execute(sa.insert(front_ports).values(machine=machine, port=port))
