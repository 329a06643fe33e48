"""What the tasks of a service say, as a Swarm of 20.10 lists them."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.providers.swarm import task_list
from tasks.providers.swarm.managers import Member
from tasks.providers.swarm.service_spec import HOST_CONSTRAINT

pytestmark = pytest.mark.pure

MEMBERS = {"n1": Member("10.0.0.11", "n1", "10.0.0.11", True), "n2": Member("10.0.0.12", "n2", "10.0.0.12", False)}


NOW = time.time()


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tasks below are made when this file is read; the tests may run much later."""
    monkeypatch.setattr(task_list, "now", lambda: NOW)


def moment(seconds_ago: float) -> str:
    return datetime.fromtimestamp(NOW - seconds_ago, UTC).isoformat().replace("+00:00", "Z")


def task(
    state: str, *, wanted: str = "shutdown", made: float = 30, changed: float = 29, **status: Any
) -> dict[str, Any]:
    told = {"State": state, "Timestamp": moment(changed), "Message": "started", **status}
    spec = {"ContainerSpec": {"Args": ["serve", "--now"]}}
    return {"CreatedAt": moment(made), "DesiredState": wanted, "NodeID": "n1", "Status": told, "Spec": spec}


def ended(code: int = 1, **more: Any) -> dict[str, Any]:
    return task("failed", ContainerStatus={"ContainerID": "c", "ExitCode": code}, **more)


RUNNING = task("running", wanted="running", changed=2, ContainerStatus={"ContainerID": "now"})
LONG_RUNNING = task("running", wanted="running", changed=20, ContainerStatus={"ContainerID": "now"})
REJECTED = task("rejected", Err="No such image: shop:2", ContainerStatus={})
NO_PROGRAM = task(
    "failed",
    Err='starting container failed: OCI runtime create failed: exec: "serve": not found',
    ContainerStatus={"ContainerID": "c", "ExitCode": 127},
)


@pytest.mark.parametrize(
    ("tasks", "fault"),
    [
        ([], ""),
        ([RUNNING], ""),
        ([ended()], ""),
        ([ended()] * 3 + [RUNNING], ""),
        ([ended()] * 4, "exited with 1, 4 times"),
        ([ended()] * 4 + [RUNNING], "exited with 1, 4 times"),
        ([ended()] * 4 + [LONG_RUNNING], ""),
        ([ended(made=90, changed=29)] * 4, ""),
        ([ended(made=90, changed=29), *[ended()] * 4], "exited with 1, 5 times"),
        ([ended(127)], "exited with 127: a program that is not there: serve --now"),
        ([ended(126)], "exited with 126: a program that may not be run: serve --now"),
        ([REJECTED], "cannot be started: No such image: shop:2"),
        ([NO_PROGRAM], 'cannot be started: exec: "serve": not found'),
    ],
)
def test_who_ends_again_and_again_has_failed(tasks: list[dict[str, Any]], fault: str) -> None:
    assert task_list.crash_fault(tasks) == fault


def test_the_current_task_is_the_newest_that_shall_run() -> None:
    assert task_list.current_task([ended(), LONG_RUNNING, RUNNING]) is RUNNING
    assert task_list.current_task([ended()]) is None


def test_the_newest_container_has_the_log() -> None:
    pending = {**task("pending", wanted="running"), "NodeID": ""}
    assert task_list.last_container([ended(), RUNNING, pending]) == ("n1", "now")
    assert task_list.last_container([pending]) is None


@pytest.mark.parametrize(
    ("constraints", "state", "reason"),
    [
        ([], "starting", "pending: no suitable node"),
        ([f"{HOST_CONSTRAINT}n1"], "starting", "pending: no suitable node"),
        ([f"{HOST_CONSTRAINT}n2"], "failed", "it is bound to 10.0.0.12, which is not ready"),
        ([f"{HOST_CONSTRAINT}n3"], "failed", "it is bound to a host that has left the fleet, which is not ready"),
    ],
)
def test_what_waits_for_a_host_says_so(constraints: list[str], state: str, reason: str) -> None:
    spec = {"TaskTemplate": {"Placement": {"Constraints": constraints}}}
    health = task_list.waiting_health(spec, task("pending", wanted="running", Err="no suitable node"), MEMBERS)
    assert (health.state, health.reason) == (state, reason)


def test_an_address_is_that_in_the_stacks_own_network() -> None:
    attached = [
        {"Network": {"Spec": {"Name": name}}, "Addresses": addresses}
        for name, addresses in {"other": ["10.1.0.2/24"], "tenfold_shop": ["10.2.0.7/22"], "none": None}.items()
    ]
    assert task_list.address_of({"NetworksAttachments": attached}, "shop") == "10.2.0.7"
    assert task_list.address_of({}, "shop") == ""
