"""A queue that would get less memory than it uses is refused before anything is touched."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import pytest

from infra_specs.advice.rightsizing import Usage
from infra_specs.desired import DesiredStack, StackSnapshot, desired_from_spec
from infra_specs.errors import PlanError
from infra_specs.resources.instance import Health, Instance
from infra_specs.stackfile.reading.load import from_data
from tasks.stack.queue_room import refuse_small_queue

pytestmark = pytest.mark.pure
MEGABYTE = 2**20


class Host:
    """Knows what runs there uses."""

    def __init__(self, used: int | None) -> None:
        self.used, self.asked = used, 0

    def uses(self, _stack: str) -> Mapping[str, Usage]:
        self.asked += 1
        return {"queue/main": Usage(memory=self.used)}


class Target:
    """A target with a queue that runs."""

    translated = staticmethod(nullcontext)

    def __init__(self, running: list[Instance], used: int | None) -> None:
        self.running, self.host = running, Host(used)

    def at_address(self, _stack: str, address: str) -> list[Instance]:
        return [instance for instance in self.running if instance.address == address]


def desired(memory: str | None) -> DesiredStack:
    needs = {"queue": {"memory": memory}} if memory else {}
    data = {"name": "shop", "target": {"provider": "docker"}, "needs": needs}
    return desired_from_spec(
        StackSnapshot(from_data({**data, "services": {"web": {"image": "a:1", "port": 80}}}, "test"), "/srv")
    )


def running(memory: str, state: Any = "healthy") -> list[Instance]:
    (resource,) = [resource for resource in desired(memory).resources if resource.address == "queue/main"]
    health = Health(state, "answers", 0.0)
    return [Instance("shop", "queue/main", "queue", resource.fingerprint, 1, health, digests=resource.digests)]


def test_less_than_it_uses_is_refused_with_what_to_write() -> None:
    with pytest.raises(PlanError) as refused:
        refuse_small_queue(Target(running("512MB"), 180 * MEGABYTE), desired("64MB"))  # type: ignore[arg-type]
    assert str(refused.value) == (
        "shop: its queue uses 180MB of memory, and its file gives it 64MB now, so what waits there would not fit. "
        "Write needs: {queue: {memory: 256MB}}, or let the workers empty it first."
    )


@pytest.mark.parametrize(
    ("has", "gets", "used", "asked"),
    [
        ([], "64MB", 180 * MEGABYTE, 0),
        (running("512MB"), None, 180 * MEGABYTE, 0),
        (running("64MB"), "64MB", 80 * MEGABYTE, 0),
        (running("512MB", "failed"), "64MB", 180 * MEGABYTE, 0),
        (running("512MB"), "256MB", 180 * MEGABYTE, 1),
        (running("64MB"), "128MB", 80 * MEGABYTE, 1),
        (running("512MB"), "64MB", None, 1),
    ],
    ids=["none runs", "none is wanted", "as before", "it has failed", "it fits", "more", "nobody can tell"],
)
def test_all_else_passes_and_is_asked_about_only_where_the_memory_changes(
    has: list[Instance], gets: str | None, used: int | None, asked: int
) -> None:
    target = Target(has, used)
    refuse_small_queue(target, desired(gets))  # type: ignore[arg-type]
    assert target.host.asked == asked
