"""What several hosts say of one thing, made one; and of data whose host is lost."""

import time

import pytest

from infra_specs.errors import TransientError
from infra_specs.resources.instance import Health
from tasks.providers.docker.annotations import Annotation
from tasks.providers.swarm.managers import Member
from tasks.providers.swarm.names import MACHINE_LABEL
from tasks.providers.swarm.observe import HostView, must_move, together, volume_health
from tasks.providers.swarm.service_spec import HOST_CONSTRAINT, STOPPED_CONSTRAINT

pytestmark = pytest.mark.pure

WELL, STARTING, FAILED = (Health(state, reason, 1.0) for state, reason in (
    ("healthy", "answers"), ("starting", "has just begun"), ("failed", "exited with 1, 4 times"),
))  # fmt: skip
VOLUME = Annotation(
    {
        "tenfold.stack": "shop",
        "tenfold.address": "volume/database",
        "tenfold.kind": "volume",
        "tenfold.fingerprint": "f",
        "tenfold.incarnation": "1",
        "tenfold.outputs": '{"path": "data"}',
        MACHINE_LABEL: "10.0.0.11",
    }
)


@pytest.mark.parametrize(
    ("healths", "age", "state", "reason"),
    [
        ([WELL, WELL], 5, "healthy", "answers on 2 hosts"),
        ([WELL], 5, "healthy", "answers on 1 host"),
        ([], 5, "starting", "no host is ready"),
        ([WELL, STARTING], 5, "starting", "b: has just begun"),
        ([WELL, STARTING], 500, "healthy", "answers on 1 of 2 hosts (b: has just begun)"),
        ([WELL, FAILED], 500, "healthy", "answers on 1 of 2 hosts (b: exited with 1, 4 times)"),
        ([STARTING, FAILED], 500, "starting", "a: has just begun; b: exited with 1, 4 times"),
        ([FAILED, FAILED], 5, "failed", "a: exited with 1, 4 times; b: exited with 1, 4 times"),
    ],
)
def test_at_first_all_must_answer_and_later_one_is_enough(
    healths: list[Health], age: float, state: str, reason: str
) -> None:
    health = together(dict(zip("abc", healths, strict=False)), time.time() - age)
    assert (health.state, health.reason) == (state, reason)


@pytest.mark.parametrize(
    ("view", "is_ready", "state"),
    [
        (HostView([], [{"Name": "data"}]), True, "healthy"),
        (HostView([], [{"Name": "other"}]), True, "failed"),
        (TransientError("it does not answer"), True, "healthy"),
        (None, False, "failed"),
    ],
)
def test_data_is_known_whether_its_host_answers_or_not(
    view: HostView | TransientError | None, is_ready: bool, state: str
) -> None:
    assert volume_health(VOLUME, view, "10.0.0.11", is_ready).state == state


@pytest.mark.parametrize(
    ("constraints", "node", "moves"),
    [
        ([], "leaves", True),
        ([], "stays", False),
        ([], "dead", False),
        ([], "unknown", False),
        ([f"{HOST_CONSTRAINT}leaves"], "leaves", False),
        ([STOPPED_CONSTRAINT], "leaves", False),
    ],
)
def test_what_runs_on_a_host_that_leaves_must_move_unless_data_binds_it(
    constraints: list[str], node: str, moves: bool
) -> None:
    members = {
        "leaves": Member("a", "leaves", "10.0.0.11", True, leaves=True),
        "stays": Member("b", "stays", "10.0.0.12", True),
        "dead": Member("c", "dead", "10.0.0.13", False, leaves=True),
    }
    spec = {"TaskTemplate": {"Placement": {"Constraints": constraints}}}
    assert must_move(spec, {"NodeID": node}, members) is moves
    assert not must_move(spec, None, members)


def test_lost_data_says_where_it_was_and_what_to_do() -> None:
    assert volume_health(VOLUME, None, "10.0.0.11", False).reason.startswith(
        "its data lies on 10.0.0.11, which is not ready. Start that host again"
    )
