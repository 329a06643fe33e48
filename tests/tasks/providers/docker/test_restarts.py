"""Only what has ended or hangs is started again: one that answers may be at work."""

from typing import Any, cast

import pytest

from infra_specs.resources.instance import Health, Instance
from tasks.providers.docker.observe import Observer
from tasks.providers.docker.restarts import DockerRestarts

pytestmark = pytest.mark.pure
QUEUE = Instance("shop", "queue.jobs", "queue", "f", 1, Health("failed", "does not answer", 0.0))


class Seen:
    """An observer of one queue that has failed."""

    def __init__(self, status: str, hung: bool) -> None:
        self.status, self.hung = status, hung

    def of_kinds(self, _stack: str, _kinds: Any) -> list[Instance]:
        return [QUEUE]

    def container(self, _instance: Instance) -> dict[str, Any]:
        return {"Id": "c0", "State": {"Status": self.status}}

    def is_hung(self, _container: Any) -> bool:
        return self.hung


@pytest.mark.parametrize(
    ("status", "hung", "down"),
    [
        ("running", True, True),
        ("running", False, False),
        ("exited", False, True),
        ("paused", False, True),
        ("created", False, False),
        ("restarting", False, False),
    ],
)
def test_what_is_down(status: str, hung: bool, down: bool) -> None:
    restarts = DockerRestarts(cast("Any", None), cast("Observer", Seen(status, hung)))
    assert restarts.down("shop") == ((QUEUE,) if down else ())
