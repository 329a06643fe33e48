"""Checks are seldom while nothing can be scaled, and as often as a person says where one does."""

import pytest

from infra_specs.scaling.check_interval import can_scale, check_interval
from infra_specs.sizing.size import size
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("stacks", "usual", "is_given", "seconds"),
    [
        ([], 15, False, 60), ([False], 15, False, 60), ([False, True], 15, False, 15), ([True], 60, False, 60),
        ([], 5, True, 5), ([False], 5, True, 5), ([True], 5, True, 5),
    ],
)  # fmt: skip
def test_interval(stacks: list[bool], usual: float, is_given: bool, seconds: float) -> None:
    assert check_interval(stacks, usual, is_given=is_given) == seconds


@pytest.mark.parametrize(
    ("replicas", "services", "can"),
    [
        ("{min: 1, max: 4}", ["web"], True), ("{min: 2, max: 2}", ["web"], False), ("{min: 0, max: 1}", ["web"], True),
        ("{min: 1, max: 4}", [], False),
    ],
)  # fmt: skip
def test_a_stack_can_be_scaled_if_a_service_that_is_decided_on_has_room(
    replicas: str, services: list[str], can: bool
) -> None:
    service = f"{{command: run, port: 80, replicas: {replicas}}}"
    stack = load(f"name: shop\ntarget: {{provider: memory}}\nservices: {{web: {service}}}")
    assert can_scale(size(stack), services) is can
