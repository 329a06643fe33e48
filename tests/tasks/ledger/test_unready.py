"""Since when copies are not ready: the first time counts, who is ready again is forgotten, each stack has its own."""

import pytest

from infra_specs.errors import Fenced
from tasks.ledger import Lease, Ledger

copy, other = ("replica/web-0", 1), ("replica/web-0", 2)


def test_the_first_time_counts(ledger: Ledger, lease: Lease) -> None:
    assert ledger.unready.observe(lease, {copy: 100.0}) == {copy: 100.0}
    assert ledger.unready.observe(lease, {copy: 130.0, other: 130.0}) == {copy: 100.0, other: 130.0}
    assert ledger.unready.observe(lease, {copy: 90.0, other: 150.0}) == {copy: 90.0, other: 130.0}


def test_who_is_ready_again_is_forgotten(ledger: Ledger, lease: Lease) -> None:
    ledger.unready.observe(lease, {copy: 100.0})
    assert ledger.unready.observe(lease, {}) == {}
    assert ledger.unready.observe(lease, {copy: 200.0}) == {copy: 200.0}


def test_who_lost_the_lock_writes_nothing(ledger: Ledger, lease: Lease) -> None:
    ledger.locks.release(lease)
    with pytest.raises(Fenced):
        ledger.unready.observe(lease, {copy: 100.0})
