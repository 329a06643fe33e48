"""The one order of checks before a stack is changed."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from infra_specs.desired import StackSnapshot
from infra_specs.errors import PlanError
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.stack.preflight import prepare

pytestmark = pytest.mark.pure


class Target:
    """Knows why no program can start on it."""

    def __init__(self, steps: list[str], fault: str) -> None:
        self.steps, self._fault = steps, fault

    def fault(self, _: object) -> str:
        self.steps.append("start")
        return self._fault


class Recorded:
    """Notes each step, and fails at one of them."""

    def __init__(self, fails_at: str = "", fault: str = "") -> None:
        self.steps: list[str] = []
        self._fails_at = fails_at
        self.provider: Any = Target(self.steps, fault)

    async def certificate(self, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
        self._step("certificate")
        return snapshot, "a certificate"

    async def build(self, snapshot: StackSnapshot) -> tuple[Stack, tuple[str, ...]]:
        self._step("build")
        return snapshot.stack, ("a build",)

    async def images(self, stack: Stack, names: Iterable[str]) -> Mapping[str, str]:
        self._step("images")
        return dict.fromkeys(names, "sha256:" + 64 * "0")

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name == self._fails_at:
            raise PlanError(name)


def snapshot(**fields: Any) -> StackSnapshot:
    web = {"image": "shop:1", "command": "run", "port": 80, "replicas": {"min": 2, "max": 2}, **fields.pop("web", {})}
    target = {"provider": "docker", "price_per_replica": 50}
    spec = {"name": "shop", "target": target, "services": {"web": web}, **fields}
    return StackSnapshot(from_data(spec, "spec"), "/")


async def test_every_step_comes_once_and_in_order() -> None:
    steps = Recorded()
    prepared = await prepare(steps, snapshot(budget=100))
    assert steps.steps == ["certificate", "build", "images", "start"]
    assert prepared.notes == ("a certificate", "a build")
    assert prepared.images == {"shop:1": "sha256:" + 64 * "0"}
    assert prepared.desired.content.images == prepared.images


@pytest.mark.parametrize("at", ["certificate", "build", "images"])
async def test_nothing_follows_a_step_that_fails(at: str) -> None:
    steps = Recorded(at)
    with pytest.raises(PlanError, match=at):
        await prepare(steps, snapshot())
    assert steps.steps[-1] == at


async def test_a_price_over_the_budget_is_refused_before_an_image_is_fetched() -> None:
    steps = Recorded()
    with pytest.raises(PlanError, match="budget"):
        await prepare(steps, snapshot(budget=99))
    assert steps.steps == ["certificate", "build"]


async def test_a_plan_over_the_budget_is_made_and_can_be_shown() -> None:
    prepared = await prepare(Recorded(), snapshot(budget=99), within_budget=False)
    assert prepared.desired.price.today == 100


async def test_a_missing_secret_is_refused_before_a_program_is_tried() -> None:
    steps = Recorded()
    with pytest.raises(PlanError, match="stripe"):
        await prepare(steps, snapshot(web={"env": {"KEY": {"secret": "stripe"}}}))
    assert "start" not in steps.steps


async def test_a_program_that_cannot_start_is_refused() -> None:
    with pytest.raises(PlanError, match=r"services\.web\.command: no such file"):
        await prepare(Recorded(fault="no such file"), snapshot())
