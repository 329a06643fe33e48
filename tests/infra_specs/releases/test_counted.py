"""Releases of counted services: rollout, canary, undo, rollback and scaling go the one way, wherever it is cut off."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_specs.catalogue.desired import desired_state
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Change, Plan
from infra_specs.releases.rollout import Share, Step, rollout
from infra_specs.resources.instance import Health, Instance, Member
from infra_specs.resources.resource import Ref, Reference, Resource
from infra_specs.resources.services import ENDPOINT, copies, desired_copies, holds_copies, serving_copies
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data

pytestmark = pytest.mark.pure

World = tuple[Instance, ...]
WELL = Health("healthy", "", 0.0)


def shop(image: str = "app:1", **web: Any) -> Stack:
    service = {"image": image, "port": 80, "replicas": {"min": 1, "max": 20}, **web}
    target = {"provider": "memory", "counted": True}
    return from_data({"name": "shop", "target": target, "services": {"web": service, "jobs": {"command": "work"}}})


def desired(image: str = "app:1", count: int = 3, **web: Any) -> tuple[Resource, ...]:
    stack = shop(image, **web)
    return desired_state(stack, size(stack), counts={"web": count}, secrets={}, source="/srv")


def made(resource: Resource, incarnation: int, world: World) -> Instance:
    """What a target makes of it; its copies all serve."""

    def value_of(ref: Reference) -> str:
        assert isinstance(ref, Ref)
        known = [instance for instance in world if instance.address == ref.address and not instance.failed]
        return known[-1].outputs.get(ref.output, "") if known else "?"

    resolved = resource.resolved(value_of)
    name = f"{resource.address}#{incarnation}"
    members = tuple(Member(f"{name}.{number}", f"{name}.{number}:80") for number in range(copies(resource)))
    return Instance(
        "shop", resource.address, resource.kind, resource.fingerprint, incarnation, WELL,
        digests=resource.digests, bindings=resolved.bindings, outputs={ENDPOINT: f"{name}:80"},
        after=resource.dependencies, members=members if holds_copies(resource.kind) else (),
    )  # fmt: skip


def after(change: Change, world: World) -> World:
    """The world after one change that worked."""
    if change.action == "destroy":
        return tuple(instance for instance in world if instance != change.instance)
    assert change.resource is not None
    if change.action == "create":
        number = max((known.incarnation for known in world if known.address == change.address), default=0) + 1
        return (*world, made(change.resource, number, world))
    assert change.instance is not None
    changed = made(change.resource, change.instance.incarnation, world)
    return tuple(changed if instance == change.instance else instance for instance in world)


def plan(step: Step, world: World) -> Plan:
    named = {resource.address for resource in step.resources}
    seen = [instance for instance in world if instance.address in named] if step.alone else world
    return make_plan("shop", step.resources, seen)


def converged(world: World, resources: tuple[Resource, ...]) -> World:
    return taken(world, Step("replicas", "", resources, alone=False))


def taken(world: World, step: Step, changes: int = 1000) -> World:
    """The world after so many changes of a step."""
    while not (made_plan := plan(step, world)).empty:
        for change in made_plan.changes:
            if not changes:
                return world
            changes -= 1
            world = after(change, world)
    return world


def released(world: World, resources: tuple[Resource, ...], share: Share | None = None) -> World:
    for step in rollout(world, resources, share=share):
        world = taken(world, step)
    return world


def shown(world: World) -> list[str]:
    """Address, incarnation and how many serve of everything that runs a service; and where the route leads."""
    route = next(instance for instance in world if instance.kind == "route")
    runs = [f"{known} x{len(known.members)}" for known in sorted(world, key=str) if holds_copies(known.kind)]
    return [*runs, *(f"-> {where}" for where in route.bindings.values())]


PROVISIONED = converged((), desired())


def test_a_counted_service_is_one_resource() -> None:
    assert [resource.address for resource in desired()] == [
        "proxy/main", "service/web", "route/web", "service/jobs",
    ]  # fmt: skip
    web = desired(count=7)[1]
    assert (web.settings["count"], web.mutable, web.singleton) == (7, ("count",), False)
    assert "slot" not in web.settings
    assert web.settings["env"] == {"TENFOLD_SERVICE": "web"}
    assert desired_copies(desired(count=7)) == {"web": 7, "jobs": 1}


def test_no_setting_but_the_count_changes_in_place() -> None:
    for resource in desired(env={"A": "b"}):
        if holds_copies(resource.kind):
            assert resource.mutable == ("count",)


@pytest.mark.parametrize("count", [1, 2, 9, 20])
def test_it_is_scaled_in_place_and_in_one_step(count: int) -> None:
    steps = rollout(PROVISIONED, desired(count=count))
    assert [(step.stage, step.alone) for step in steps] == [("replicas", False)]
    changes = [str(change) for change in plan(steps[0], PROVISIONED).changes]
    assert changes == ["~ service/web (count changed)"]
    assert shown(taken(PROVISIONED, steps[0])) == ["service/jobs x1", f"service/web x{count}", "-> service/web#1:80"]


def test_a_release_is_a_new_service_beside_the_old() -> None:
    (step,) = rollout(PROVISIONED, desired("app:2"))
    assert [str(change) for change in plan(step, PROVISIONED).changes] == [
        "+ service/web (image changed)",
        "~ route/web (follows service/web)",
        "- service/web (replaced)",
    ]
    assert shown(taken(PROVISIONED, step)) == ["service/jobs x1", "service/web#2 x3", "-> service/web#2:80"]


def test_many_copies_are_one_step_too() -> None:
    assert len(rollout(converged((), desired(count=20)), desired("app:2", count=20))) == 1


def test_a_canary_is_one_copy_that_gets_its_share() -> None:
    canary, last = rollout(PROVISIONED, desired("app:2"), share=Share(10, 60))
    assert (canary.stage, canary.canaries) == ("canary", {"web": "service/web.canary"})
    route = next(resource for resource in canary.resources if resource.kind == "route")
    assert route.settings["weights"] == {"service/web.canary": 10}
    world = taken(PROVISIONED, canary)
    assert shown(world) == [
        "service/jobs x1", "service/web x3", "service/web.canary x1",
        "-> service/web#1:80", "-> service/web.canary#1:80",
    ]  # fmt: skip
    assert shown(taken(world, last)) == ["service/jobs x1", "service/web#2 x3", "-> service/web#2:80"]


def test_a_bad_canary_is_undone() -> None:
    canary, _ = rollout(PROVISIONED, desired("app:2"), share=Share(10, 60))
    assert shown(converged(taken(PROVISIONED, canary), desired())) == shown(PROVISIONED)


@pytest.mark.parametrize("failed", [True, False])
@pytest.mark.parametrize("count", [3, 5])
def test_a_bad_release_is_undone_to_the_one_that_still_runs(failed: bool, count: int) -> None:
    (step,) = rollout(PROVISIONED, desired("app:2"))
    world = taken(PROVISIONED, step, changes=1)
    if failed:
        ill = Health("failed", "exited with 1", 1.0)
        world = tuple(replace(known, health=ill, members=()) if known.incarnation == 2 else known for known in world)
    back = converged(world, desired(count=count))
    running = tuple(known for known in back if not known.failed)
    assert shown(running) == ["service/jobs x1", f"service/web x{count}", "-> service/web#1:80"]
    assert serving_copies(back) == {"web": count, "jobs": 1}


def test_a_rollback_is_a_release_as_any_other() -> None:
    world = released(released(PROVISIONED, desired("app:2")), desired("app:1"))
    assert shown(world) == ["service/jobs x1", "service/web#3 x3", "-> service/web#3:80"]


def test_a_teardown_leaves_nothing() -> None:
    assert converged(PROVISIONED, ()) == ()


releases = st.tuples(st.sampled_from(["app:1", "app:2", "app:3"]), st.integers(1, 6))


@settings(max_examples=100, deadline=None)
@given(first=releases, second=releases, last=releases, canary=st.booleans(), cut=st.integers(0, 8))
def test_wherever_it_is_cut_off_the_end_is_the_same(
    first: tuple[str, int], second: tuple[str, int], last: tuple[str, int], canary: bool, cut: int
) -> None:
    """A release that is cut off anywhere and another one that is wanted then: as if only the other had been wanted."""
    world = converged((), desired(*first))
    for step in rollout(world, desired(*second), share=Share(10, 60) if canary else None)[: 1 + cut % 2]:
        world = taken(world, step, changes=cut)
    world = released(world, desired(*last))
    straight = converged((), desired(*last))
    assert {(known.address, known.fingerprint) for known in world} == {
        (known.address, known.fingerprint) for known in straight
    }
    assert serving_copies(world) == serving_copies(straight)
    assert make_plan("shop", desired(*last), world).empty


@settings(max_examples=100, deadline=None)
@given(first=releases, last=releases, canary=st.booleans())
def test_at_every_moment_enough_serve_behind_the_route(
    first: tuple[str, int], last: tuple[str, int], canary: bool
) -> None:
    world = converged((), desired(*first))
    for step in rollout(world, desired(*last), share=Share(10, 60) if canary else None):
        while not (made_plan := plan(step, world)).empty:
            for change in made_plan.changes:
                world = after(change, world)
                assert _behind_the_route(world) >= min(first[1], last[1])


def _behind_the_route(world: World) -> int:
    """Copies that serve and that the route leads to."""
    ends = next(known for known in world if known.kind == "route").bindings.values()
    return sum(len(known.members) for known in world if known.outputs[ENDPOINT] in ends)
