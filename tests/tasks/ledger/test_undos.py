"""Restores that are to be taken back are known until they are, and go with their stack."""

import pytest

from infra_specs.backup.parts import RestoredParts
from infra_specs.errors import Fenced
from tasks.ledger import Lease, Ledger, Owner
from tests.tasks.ledger.conftest import spec

FIRST, SECOND = (
    RestoredParts(name, (("database/main", "app"), ("database/main", "b")), ("volume/web.data",))
    for name in ("20261101-030000", "20261102-030000")
)


@pytest.fixture
def backups(ledger: Ledger, lease: Lease) -> Lease:
    """The lock of the backups of a stack that the ledger knows."""
    ledger.stacks.set_desired(lease, "shop", spec, "/code/shop")
    return ledger.backup_locks.acquire("shop", Owner.here("restore"), 3600)


def test_one_is_known_until_it_is_taken_back(ledger: Ledger, backups: Lease) -> None:
    assert not ledger.undos.find("shop")
    ledger.undos.begin(backups, FIRST)
    ledger.undos.begin(backups, SECOND)
    assert ledger.undos.find("shop") == SECOND
    ledger.undos.end(backups)
    ledger.undos.end(backups)
    assert not ledger.undos.find("shop")


def test_who_lost_the_lock_writes_nothing(ledger: Ledger, backups: Lease) -> None:
    ledger.undos.begin(backups, FIRST)
    ledger.locks.release(backups)
    with pytest.raises(Fenced):
        ledger.undos.begin(backups, SECOND)
    with pytest.raises(Fenced):
        ledger.undos.end(backups)
    assert ledger.undos.find("shop") == FIRST


def test_a_stack_that_is_forgotten_takes_it_along(ledger: Ledger, lease: Lease, backups: Lease) -> None:
    ledger.undos.begin(backups, FIRST)
    ledger.stacks.forget(lease)
    assert not ledger.undos.find("shop")
