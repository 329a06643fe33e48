"""The demand of a table or of the ledger, played through one policy or two."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_specs.errors import LedgerError, PlanError, SpecError
from infra_specs.stackfile.reading.load import load
from tasks.autoscaling.replay import WINDOW_SECONDS, ReplayRequest, replay
from tasks.base.settings import Settings
from tasks.ledger import Ledger, StackRecord

SPEC = """\
name: shop
target: {provider: memory, price_per_replica: 7.5}
services: {web: {command: run, port: 8000, capacity: 4}}
users: {monthly: 200000}
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(Settings(home=tmp_path / "home")) as opened:
        yield opened


@pytest.fixture
def record() -> StackRecord:
    return StackRecord("shop", load(SPEC).model_dump(mode="json", by_alias=True), "/", "memory", True, 0.0)


@pytest.fixture
def table(tmp_path: Path) -> str:
    """An hour with 300 requests a minute, of 200 ms each: one in flight."""
    path = tmp_path / "requests.csv"
    path.write_text("300\n" * 61)
    return str(path)


def test_a_table_becomes_windows_and_replicas(ledger: Ledger, record: StackRecord, table: str) -> None:
    played = replay(ledger, record, ReplayRequest("web", table=table))
    assert (played.seconds, len(played.demand)) == (3600, 3600 / WINDOW_SECONDS)
    assert played.replicas_needed == pytest.approx([0.25] * len(played.demand))
    assert list(played.results) == ["policy"]
    assert played.smoothed_seconds == 0


def test_another_policy_is_played_beside_the_first(
    ledger: Ledger, record: StackRecord, table: str, tmp_path: Path
) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("scaling: {utilisation: 0.05}\n")
    results = replay(ledger, record, ReplayRequest("web", table=table, policy=str(policy))).results
    assert list(results) == ["policy", "other"]
    assert results["other"].replica_hours > results["policy"].replica_hours


def test_without_a_measurement_there_is_nothing_to_play(ledger: Ledger, record: StackRecord) -> None:
    with pytest.raises(LedgerError, match="Too little was measured of web of shop"):
        replay(ledger, record, ReplayRequest("web"))


def test_an_unknown_service_or_file_is_refused(ledger: Ledger, record: StackRecord, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="shop has no service `mail`"):
        replay(ledger, record, ReplayRequest("mail"))
    with pytest.raises(SpecError, match="cannot be read: No such file"):
        replay(ledger, record, ReplayRequest("web", table=str(tmp_path / "none.csv")))
