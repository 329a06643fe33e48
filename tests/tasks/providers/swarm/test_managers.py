"""The members of a fleet's Swarm: who is ready, and who is to leave."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra_specs.stackfile.models.hosts import Host
from tasks.providers.hosts.members import HOST_LABEL, LEAVES_LABEL
from tasks.providers.swarm.managers import Managers, Member

pytestmark = pytest.mark.pure


class Engine:
    """A manager that knows one node."""

    def __init__(self, node: dict[str, Any]) -> None:
        self._node = node

    def nodes(self) -> list[dict[str, Any]]:
        return [self._node]


@pytest.mark.parametrize(
    ("state", "availability", "held_back", "leaving", "is_ready", "leaves"),
    [
        ("ready", "active", False, (), True, False),
        ("ready", "active", False, ("a",), True, True),
        ("ready", "pause", True, ("a",), True, True),
        ("ready", "pause", True, (), True, True),
        ("ready", "pause", False, (), False, False),
        ("ready", "pause", False, ("a",), False, True),
        ("ready", "drain", True, ("a",), False, True),
        ("down", "active", False, (), False, False),
    ],
)
def test_a_member(
    state: str, availability: str, held_back: bool, leaving: tuple[str, ...], is_ready: bool, leaves: bool
) -> None:
    """One that a person paused or drained is not ready. One that is held back is: its proxy serves on."""
    labels = {HOST_LABEL: "a"} | ({LEAVES_LABEL: "yes"} if held_back else {})
    node = {"ID": "n", "Spec": {"Availability": availability, "Labels": labels},
            "Status": {"State": state, "Addr": "10.0.0.11"}}  # fmt: skip
    engines: Any = SimpleNamespace(connections=SimpleNamespace(hosts=[Host(address="a")]), of=lambda _: Engine(node))
    assert Managers(engines, leaving).members() == (Member("a", "n", "10.0.0.11", is_ready, leaves),)
