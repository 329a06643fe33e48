"""Replicas today and at the design capacity: ceil(demand / (capacity x 0.7)), within the bounds of the file."""

from typing import Any

import pytest

from infra_specs.sizing.replicas import replicas_for, size_service
from infra_specs.stackfile.models.service import Service

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("demand", "capacity", "count"),
    [(0, 10, 1), (7, 10, 1), (7.0001, 10, 2), (14, 10, 2), (70, 10, 10), (0.7 * 3 * 10, 10, 3), (1, 0.1, 15)],
)
def test_replicas_for(demand: float, capacity: float, count: int) -> None:
    assert replicas_for(demand, capacity) == count


@pytest.mark.parametrize(
    ("written", "in_flight", "now", "design", "minimum", "maximum"),
    [
        ({}, 0, 1, 1, 1, 1),
        ({}, 15, 3, 22, 1, 22),
        ({"share": 0.5}, 15, 2, 11, 1, 11),
        ({"share": 0}, 15, 1, 1, 1, 1),
        ({"capacity": 100}, 15, 1, 3, 1, 3),
        ({"replicas": 4}, 15, 4, 22, 4, 4),
        ({"replicas": {"min": 5}}, 15, 5, 22, 5, 22),
        ({"replicas": {"min": 2}}, 1, 2, 2, 2, 2),
        ({"replicas": {"max": 2}}, 15, 2, 22, 1, 2),
        ({"replicas": {"min": 30}}, 15, 30, 22, 30, 30),
        ({"replicas": {"min": 0}}, 15, 3, 22, 0, 22),
        ({"replicas": 0}, 15, 1, 22, 0, 1),
        ({"port": None}, 15, 1, 0, 1, 1),
        ({"port": None, "replicas": {"min": 2, "max": 8}}, 15, 2, 0, 2, 8),
    ],
)
def test_size_service(
    written: dict[str, Any], in_flight: float, now: int, design: int, minimum: int, maximum: int
) -> None:
    service = Service.model_validate({"command": "run", "port": 80, **written})
    size = size_service("web", service, in_flight, 10)
    if service.port is not None:
        assert size.design == design
    assert (size.replicas, size.minimum, size.maximum) == (now, minimum, maximum)


def test_the_arithmetic_says_which_bound_bit() -> None:
    service = Service.model_validate({"command": "run", "port": 80, "replicas": {"max": 2}})
    assert size_service("web", service, 15, 10).arithmetic == (
        "web: 15 in flight / (10 x 0.7) = 3 replicas today",
        "web: 10 x 15 in flight / (10 x 0.7) = 22 replicas at the design capacity",
        "web: the file says at most 2",
    )


@pytest.mark.parametrize(
    ("scaling", "none_is"),
    [({}, 2), ({"over_budget": "stop"}, 0), ({"over_budget": "stop", "mode": "advise"}, 2)],
)
@pytest.mark.parametrize("port", [80, None])
def test_none_is_a_count_for_who_may_be_stopped(scaling: dict[str, str], none_is: int, port: int | None) -> None:
    bounds = {"min": 2, "max": 5}
    service = Service.model_validate({"command": "run", "port": port, "replicas": bounds, "scaling": scaling})
    size = size_service("web", service, 1, 10)
    assert [size.within(count) for count in (0, 1, 3, 9)] == [none_is, 2, 3, 5]
    assert size.replicas == 2, "whoever provisions it begins it"
