"""The one order of checks before a stack is changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from infra_specs.desired import StackSnapshot, manifest_of_file
from infra_specs.errors import PlanError
from infra_specs.releases.deploy_options import DeployOptions
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.selection import ReleaseState
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.stack.preflight import prepare, prepare_deploy, prepare_rollback

pytestmark = pytest.mark.pure


class Target:
    """Knows why no program can start on it. Its programs run in no folder."""

    code = images = None

    def __init__(self, steps: list[str], fault: str) -> None:
        self.steps, self._fault = steps, fault

    def fault(self, _: object) -> str:
        self.steps.append("start")
        return self._fault

    def hint(self, _: object) -> str:
        return ""


class Recorded:
    """Notes each step, and fails at one of them."""

    def __init__(self, fails_at: str = "", fault: str = "") -> None:
        self.steps: list[str] = []
        self._fails_at = fails_at
        self.provider: Any = Target(self.steps, fault)

    async def receivers(self, _: Stack) -> None:
        self._step("receivers")

    async def certificate(self, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
        self._step("certificate")
        return snapshot, "a certificate"

    async def build(self, snapshot: StackSnapshot) -> tuple[Stack, tuple[str, ...]]:
        self._step("build")
        return snapshot.stack, ("a build",)

    def code(self, _: StackSnapshot) -> tuple[dict[str, str], tuple[str, ...]]:
        return {}, ()

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
    assert steps.steps == ["receivers", "certificate", "build", "images", "start"]
    assert prepared.notes == ("a certificate", "a build")
    assert prepared.images == {"shop:1": "sha256:" + 64 * "0"}
    assert prepared.desired.content.images == prepared.images


@pytest.mark.parametrize("at", ["receivers", "certificate", "build", "images"])
async def test_nothing_follows_a_step_that_fails(at: str) -> None:
    steps = Recorded(at)
    with pytest.raises(PlanError, match=at):
        await prepare(steps, snapshot())
    assert steps.steps[-1] == at


async def test_a_price_over_the_budget_is_refused_before_an_image_is_fetched() -> None:
    steps = Recorded()
    with pytest.raises(PlanError, match="budget"):
        await prepare(steps, snapshot(budget=99))
    assert steps.steps == ["receivers", "certificate", "build"]


async def test_a_plan_over_the_budget_is_made_and_can_be_shown() -> None:
    prepared = await prepare(Recorded(), snapshot(budget=99), within_limits=False)
    assert prepared.desired.price.today == 100


async def test_a_missing_secret_is_refused_before_a_program_is_tried() -> None:
    steps = Recorded()
    with pytest.raises(PlanError, match="stripe"):
        await prepare(steps, snapshot(web={"env": {"KEY": {"secret": "stripe"}}}))
    assert "start" not in steps.steps


async def test_a_program_that_cannot_start_is_refused() -> None:
    with pytest.raises(PlanError, match=r"services\.web\.command: no such file"):
        await prepare(Recorded(fault="no such file"), snapshot())


@dataclass(frozen=True)
class Proven:
    """A release that runs as the file says."""

    content: ReleaseManifest
    file: ReleaseManifest
    number: int = 1
    state: ReleaseState = ReleaseState.HEALTHY
    verb: str = "provision"
    passed: int = 0


def running(**fields: Any) -> StackSnapshot:
    """A stack of two services, and a release of it that runs."""
    fields.setdefault("services", {name: {"image": "shop:1", "command": "run"} for name in ("web", "api")})
    file = snapshot(**fields)
    manifest = replace(manifest_of_file(file), images={"shop:1": "sha256:" + 64 * "1"})
    return replace(file, releases=(Proven(manifest, manifest),), recorded_target="docker", is_active=True)


async def test_a_deploy_takes_the_same_steps_but_for_the_certificate() -> None:
    steps = Recorded()
    prepared = await prepare_deploy(steps, running(), DeployOptions(service="web", image="shop:2"))
    assert steps.steps == ["images", "start"]
    assert prepared.images == {"shop:2": "sha256:" + 64 * "0"}
    assert prepared.desired.content.images == {"shop:1": "sha256:" + 64 * "1", **prepared.images}


async def test_a_deploy_warns_of_the_command_that_it_brings() -> None:
    prepared = await prepare_deploy(Recorded(), running(), DeployOptions(service="web", command="serve $PORT"))
    (warning,) = prepared.warnings
    assert warning.startswith("web: command gets `$PORT` as it is written")


async def test_a_deploy_over_the_budget_is_refused_before_an_image_is_fetched() -> None:
    steps = Recorded()
    with pytest.raises(PlanError, match="budget"):
        await prepare_deploy(steps, running(budget=99), DeployOptions(service="web", image="shop:2"))
    assert steps.steps == []


async def test_a_deploy_that_nobody_can_mean_is_refused_before_anything_is_built() -> None:
    steps = Recorded()
    with pytest.raises(PlanError, match="several services"):
        await prepare_deploy(steps, running(), DeployOptions(image="shop:2", build=True))
    assert steps.steps == []


async def test_a_deploy_of_a_program_that_cannot_start_is_refused_and_only_what_changes_is_looked_at() -> None:
    steps = Recorded(fault="no such file")
    with pytest.raises(PlanError) as refused:
        await prepare_deploy(steps, running(), DeployOptions(service="web", command="./gone"))
    assert str(refused.value).splitlines() == [
        "shop can never start as this deploy would have it, so nothing was touched:",
        "  services.web.command: no such file",
    ]
    assert steps.steps == ["images", "start"]


async def test_a_command_for_a_shell_that_cannot_start_is_refused_with_what_to_write() -> None:
    options = DeployOptions(service="web", command="cd app; serve")
    with pytest.raises(PlanError) as refused:
        await prepare_deploy(Recorded(fault="no program cd"), running(), options)
    assert str(refused.value).splitlines()[1:] == [
        "  services.web.command: no program cd",
        "    command gets `;` as it is written, for no shell reads it. Write command: sh -c 'cd app ; exec serve'",
    ]


async def test_a_rollback_builds_and_fetches_nothing_and_must_start() -> None:
    stack, steps = running(), Recorded(fault="no such file")
    api = stack.stack.services["api"].model_copy(update={"command": ["./gone"]})
    content = stack.releases[0].content
    with pytest.raises(PlanError, match=r"as that release would have it.*\n  services\.api\.command: no such file"):
        await prepare_rollback(steps, stack, replace(content, services={**content.services, "api": api}))
    assert "build" not in steps.steps


async def test_an_expired_debt_that_blocks_stops_a_provision_and_a_deploy_and_never_a_rollback() -> None:
    debt = {"what": "one zone", "why": "a launch", "expires": "2020-01-01", "plan": "a second", "impact": "outages"}
    blocked, steps = snapshot(debts=[debt], debts_block=True), Recorded()
    with pytest.raises(PlanError, match="a debt has expired"):
        await prepare(steps, blocked)
    with pytest.raises(PlanError, match="a debt has expired"):
        await prepare_deploy(steps, blocked, DeployOptions(image="shop:2"))
    assert steps.steps == []
    await prepare(steps, blocked, within_limits=False)
    await prepare(steps, snapshot(debts=[debt]))
    await prepare_rollback(steps, blocked, manifest_of_file(blocked))
