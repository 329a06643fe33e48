"""Hosts that are missing for what a stack is designed for, and what they cost."""

from typing import Any

import pytest

from infra_specs.advice.hosts import missing_hosts
from infra_specs.advice.rightsizing import Usage
from infra_specs.scaling.node_capacity import FreeMemory
from infra_specs.sizing.size import size
from infra_specs.stackfile.reading.load import from_data

pytestmark = pytest.mark.pure
GB = 2**30


def advised(free: tuple[int, ...], memory: str | None = "1GB", used: int | None = None, **target: Any) -> list[str]:
    """For a service that is designed for 8 replicas more. Hosts have 4 GB, of which so many bytes are free."""
    web: dict[str, Any] = {"image": "shop:1", "port": 80, "capacity": 1, "replicas": {"min": 2, "max": 99}}
    spec: dict[str, Any] = {
        "name": "shop", "target": {"provider": "swarm", "fleet": "shop", **target},
        "users": {"monthly": 10_000}, "services": {"web": web | ({"memory": memory} if memory else {})},
    }  # fmt: skip
    stack = from_data(spec, "spec")
    sizing = size(stack)
    hosts = {f"h{number}": FreeMemory(share, 4 * GB) for number, share in enumerate(free)}
    uses = {"replica/web-0": Usage(memory=used)} if used else {}
    counts = {"web": sizing.services["web"].design - 8}
    advices = missing_hosts(stack, sizing, counts, uses, hosts)
    return [("waits: " if advice.waits else "") + str(advice) for advice in advices]


@pytest.mark.parametrize(
    ("free", "text"),
    [
        ((4 * GB, 4 * GB, 4 * GB), ""),
        (
            (4 * GB, 4 * GB),
            "waits: the hosts have room for 6 of the 8 replicas that shop is designed to grow by: 1 ",
        ),
        (
            (4 * GB, GB),
            "the hosts have room for 3 of the 8 replicas that shop is designed to grow by: 2 more ",
        ),
        ((GB, GB), "the hosts have room for 0 of the 8 replicas that shop is designed to grow by: 3 more "),
        ((), ""),
    ],
)
def test_it_is_said_how_many_are_missing(free: tuple[int, ...], text: str) -> None:
    said = advised(free)
    assert said == [] if not text else said[0].startswith(text)


def test_it_is_said_what_they_cost() -> None:
    (unknown,) = advised((GB, GB))
    assert unknown.endswith("for all of them, what one costs is not in the file (`price_per_host`).")
    (known,) = advised((GB, GB), price_per_host=6.5)
    assert known.endswith("3 more hosts like the smallest for all of them, $19.50 a month.")


def test_what_a_replica_takes_is_measured_where_the_file_does_not_say() -> None:
    assert advised((GB, GB), memory=None) == []
    assert len(advised((GB, GB), memory=None, used=GB)) == 1
    assert advised((GB, GB), memory="16GB") == [], "no such host would have room for one"
