"""A ledger of the test's own, and the lock of its stack `shop`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.base.settings import Settings
from tasks.ledger import Lease, Ledger, Owner


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(Settings(home=tmp_path)) as opened:
        yield opened


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    return ledger.locks.acquire("shop", Owner.here("provision"), 60)
