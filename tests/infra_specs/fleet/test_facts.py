"""The facts that a host tells, read."""

import json
from typing import Any

import pytest

from infra_specs.errors import ProviderError
from infra_specs.fleet.facts import BEGIN, EngineFacts, SwarmFacts, facts_from
from tests.infra_specs.fleet.hosts import told

pytestmark = pytest.mark.pure


def printed(**changes: Any) -> str:
    return f"{BEGIN}{json.dumps(told(**changes))}\n"


def test_sizes_are_bytes_and_a_host_without_an_engine_has_none() -> None:
    facts = facts_from(printed(memory=2048, disk_free=10))
    assert (facts.memory, facts.disk_free, facts.engine) == (2048 * 1024, 10 * 1024, None)
    assert (facts.distribution, facts.release, facts.port, facts.ports) == ("debian", "12", 22, frozenset({22}))


def test_lines_of_the_accounts_shell_are_no_facts() -> None:
    assert facts_from(f"Welcome!\n{printed(name='a')}bye\n").name == "a"


def test_an_engine_in_no_swarm() -> None:
    info = {"ServerVersion": "20.10.24", "Containers": 3, "Swarm": {"LocalNodeState": "inactive", "NodeID": ""}}
    engine = facts_from(printed(engine=True, info=info)).engine
    assert engine == EngineFacts("20.10.24", 3, SwarmFacts("inactive", "", "", is_manager=False, managers=frozenset()))
    assert engine.answers


def test_a_manager_knows_its_swarm_and_a_worker_its_managers() -> None:
    swarm = {
        "NodeID": "n1", "LocalNodeState": "active", "ControlAvailable": True, "Cluster": {"ID": "c1"},
        "RemoteManagers": [{"NodeID": "n1", "Addr": "10.0.0.11:2377"}],
    }  # fmt: skip
    manager = facts_from(printed(engine=True, info={"ServerVersion": "27.1", "Swarm": swarm})).engine
    assert manager is not None
    assert manager.swarm == SwarmFacts("active", "n1", "c1", is_manager=True, managers=frozenset({"10.0.0.11:2377"}))
    swarm |= {"ControlAvailable": False, "Cluster": None}
    worker = facts_from(printed(engine=True, info={"ServerVersion": "27.1", "Swarm": swarm})).engine
    assert worker is not None
    assert worker.swarm is not None
    assert (worker.swarm.cluster, worker.swarm.is_manager) == ("", False)


@pytest.mark.parametrize("info", [None, {}, {"ServerErrors": ["Cannot connect"], "ServerVersion": ""}])
def test_an_engine_that_does_not_answer(info: Any) -> None:
    engine = facts_from(printed(engine=True, info=info)).engine
    assert engine == EngineFacts("", 0, None)
    assert not engine.answers


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it printed no facts"),
        ("sh: 1: not found\n", "it printed no facts"),
        (f"{BEGIN}{{", "its facts are no JSON"),
        (f"{BEGIN}[]", "Input should be a dictionary or an instance of _Told"),
        (printed(cpus="many"), "cpus: Input should be a valid integer, unable to parse string as an integer"),
    ],
)
def test_facts_that_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(ProviderError) as refused:
        facts_from(text)
    assert reason in str(refused.value)
    assert str(refused.value).startswith("what the host says of itself cannot be read: ")
