"""What is written is read back the same."""

from types import MappingProxyType
from typing import Any

import pytest

from tasks.supervisor.process import End, Probe, Process, Status
from tasks.supervisor.serialization import process_from, process_to, status_from, status_to

pytestmark = pytest.mark.pure

FULL = Process(
    "replica/web-0",
    ("run", "ä"),
    env={"A": "1"},
    cwd="/x",
    user="nobody",
    log="/l",
    prepare=(("a", "b"), ("c",)),
    listen=4200,
    needs=(5432, 6379),
    probe=Probe("command", command=("true", "x"), interval=0.5),
    stop_signal="SIGINT",
    stop_group=True,
    stop_seconds=1.5,
    restarts=2,
    labels={"n": {"m": [1]}},
)


@pytest.mark.parametrize("process", [FULL, Process("a", ("b",)), Process("a", ("b",), probe=Probe("tcp", port=1))])
def test_round_trip(process: Process) -> None:
    ends = (End(1.0, "exited with 137", 137), End(2.0, "did not answer"))
    status = Status(process, "failed", "why", 1.5, None, 3, None, ends)
    assert process_from(process_to(process)) == process
    assert status_from(status_to(status)) == status


def test_an_earlier_version_says_nothing_of_ends() -> None:
    data = status_to(Status(Process("a", ("b",)), "failed", "why", 1.5, None, 3))
    del data["ends"]
    assert status_from(data).ends == ()


def test_any_mapping_passes_and_unknown_keys_are_ignored() -> None:
    process = Process("a", ("b",), env=MappingProxyType({"A": "1"}))
    assert process_from({**process_to(process), "later": 1}).env == {"A": "1"}


@pytest.mark.parametrize(
    ("probe", "labels", "port"),
    [
        ({"kind": "command", "command": ["pg_isready"]}, {"outputs": {"port": "5433"}}, 5433),
        ({"kind": "command", "command": ["pg_isready"], "port": 0}, {"outputs": {"port": "5433"}}, 5433),
        ({"kind": "command", "command": ["pg_isready"], "port": 5432}, {"outputs": {"port": "5433"}}, 5432),
        ({"kind": "command", "command": ["true"]}, {"outputs": {}}, 0),
        ({"kind": "command", "command": ["true"]}, {}, 0),
        ({"kind": "socket", "path": "/run/x"}, {"outputs": {"port": "5433"}}, 0),
    ],
)
def test_a_database_of_an_earlier_version_has_the_port_that_its_labels_name(
    probe: dict[str, Any], labels: dict[str, Any], port: int
) -> None:
    assert process_from({"name": "database", "argv": ["run"], "probe": probe, "labels": labels}).probe_port == port
