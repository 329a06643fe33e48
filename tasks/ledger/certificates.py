"""What is known of the certificates that are fetched: the newest of each host, its order, its failures.

Certificates themselves, and their keys, are secrets.
"""

from collections.abc import Mapping
from dataclasses import asdict

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from infra_specs.certificates.host_certificate import HostCertificate
from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.tables import certificates

_STATES: TypeAdapter[HostCertificate] = TypeAdapter(HostCertificate)


class Certificates:
    """The fetched certificates of every stack, without their values."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, stack: str) -> Mapping[str, HostCertificate]:
        """Host -> what is known of its certificate; also of hosts that the stack has no more."""
        with self._database.read() as connection:
            return certificates_of(connection, stack)

    def put(self, lease: Lease, known: HostCertificate) -> None:
        """Remember it in place of what was known of this host."""
        values = {"state": asdict(known)}
        with self._database.write() as connection:
            guard(connection, lease)
            new = self._database.insert(certificates).values(stack=lease.stack, host=known.host, **values)
            connection.execute(new.on_conflict_do_update(index_elements=["stack", "host"], set_=values))


def certificates_of(connection: sa.Connection, stack: str) -> Mapping[str, HostCertificate]:
    """As `Certificates.of`, within a transaction that reads more. A row that cannot be read is as none."""
    query = sa.select(certificates.c.host, certificates.c.state).where(certificates.c.stack == stack)
    known = dict[str, HostCertificate]()
    for row in connection.execute(query.order_by(certificates.c.host)):
        try:
            known[row.host] = _STATES.validate_python(row.state)
        except ValidationError:
            continue
    return known
