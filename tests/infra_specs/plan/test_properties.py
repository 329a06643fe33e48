"""What holds of every plan, whatever is wanted and whatever is there."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Change, Plan
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Ref, Resource, references
from tests.infra_specs.plan.world import instance

pytestmark = pytest.mark.pure

addresses = [f"{kind}/{slot}" for kind in ("a", "b", "c") for slot in range(3)]


@st.composite
def resources(draw: st.DrawFn) -> Resource:
    """A resource that refers only to addresses before its own, as every catalogue pattern does."""
    position = draw(st.integers(0, len(addresses) - 1))
    before = st.sampled_from(addresses[:position]) if position else None
    references = draw(st.lists(before, max_size=2, unique=True)) if before is not None else []
    data: dict[str, Any] = {"size": draw(st.integers(0, 2)), "to": [Ref(reference, "port") for reference in references]}
    return Resource(
        "shop",
        addresses[position],
        addresses[position][0],
        data,
        mutable=tuple(draw(st.sets(st.sampled_from(["size", "to"])))),
        after=tuple(draw(st.lists(before, max_size=1))) if before is not None else (),
        stateful=draw(st.integers(0, 4)) == 0,
        singleton=draw(st.booleans()),
    )


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    made_from = draw(resources())
    return instance(
        made_from,
        {
            "incarnation": draw(st.integers(1, 3)),
            "state": draw(st.sampled_from(["healthy", "healthy", "starting", "failed", "ending"])),
            "outputs": {"port": str(draw(st.integers(1, 3)))},
            "bindings": {str(ref): str(draw(st.integers(1, 3))) for ref in references(made_from.settings)},
        },
    )


worlds = st.lists(instances(), max_size=8, unique_by=lambda one: (one.address, one.incarnation))
wishes = st.lists(resources(), max_size=6, unique_by=lambda one: one.address)


def apply(plan: Plan, world: list[Instance]) -> list[Instance]:
    """The world after a plan in which everything worked."""
    for change in plan.changes:
        world = _apply_one(change, world)
    return world


def _apply_one(change: Change, world: list[Instance]) -> list[Instance]:
    if change.action == "destroy":
        return [seen for seen in world if seen is not change.instance and seen != change.instance]
    assert change.resource is not None
    in_order = sorted(world, key=lambda one: one.incarnation)  # who refers to it means the newest, as the planner does
    ports = {seen.address: seen.outputs.get("port", "") for seen in in_order if seen.live}
    resolved = change.resource.resolved(lambda ref: ports.get(ref.address, "?") if isinstance(ref, Ref) else "secret")
    if change.action == "create":
        number = max((seen.incarnation for seen in world if seen.address == change.address), default=0) + 1
        made = instance(resolved, {"incarnation": number, "outputs": {"port": f"1{number}"}})
        return [*world, replace(made, digests=resolved.digests, bindings=resolved.bindings)]
    assert change.instance is not None
    after = replace(change.instance, health=Health("healthy", "ok", 1.0))
    if change.action == "update":
        after = replace(after, fingerprint=resolved.fingerprint, digests=resolved.digests, bindings=resolved.bindings)
    return [after if seen == change.instance else seen for seen in world]


@settings(max_examples=150, deadline=None)
@given(wishes, worlds, st.booleans())
def test_a_few_rounds_end_in_what_was_wanted(desired: list[Resource], world: list[Instance], delete_data: bool) -> None:
    for _ in range(len(addresses) + 1):
        plan = make_plan("shop", desired, world, delete_data=delete_data)
        if plan.empty:
            break
        world = apply(plan, world)
    assert plan.empty, [str(change) for change in plan.changes]
    live = {(seen.address, seen.fingerprint) for seen in world if seen.live}
    left_alone = {skipped.address.split("#")[0] for skipped in plan.skipped}
    for resource in desired:
        assert (resource.address, resource.fingerprint) in live or resource.address in left_alone


def test_references_settle_on_the_newer_of_two_that_hold_data() -> None:
    data = Resource("shop", "a/0", "a", {"size": 0, "to": []}, stateful=True)
    other = replace(data, settings={"size": 1, "to": []}, digests={})
    client = Resource("shop", "b/0", "b", {"size": 0, "to": [Ref("a/0", "port")]}, mutable=("to",))
    older = instance(data, {"incarnation": 1, "state": "healthy", "outputs": {"port": "1"}, "bindings": {}})
    newer = instance(other, {"incarnation": 2, "state": "healthy", "outputs": {"port": "2"}, "bindings": {}})
    test_a_few_rounds_end_in_what_was_wanted.hypothesis.inner_test([data, client], [older, newer], False)  # type: ignore[attr-defined]


@settings(max_examples=80, deadline=None)
@given(wishes, worlds)
def test_equal_inputs_give_equal_plans(desired: list[Resource], world: list[Instance]) -> None:
    assert make_plan("shop", desired, world) == make_plan("shop", desired, list(reversed(world)))


@settings(max_examples=80, deadline=None)
@given(wishes, worlds)
def test_data_is_never_destroyed_unasked(desired: list[Resource], world: list[Instance]) -> None:
    for change in make_plan("shop", desired, world).changes:
        if change.action == "destroy" and change.instance is not None and change.instance.stateful:
            successor = {resource.address: resource for resource in desired}.get(change.address)
            pytest.fail(f"{change} would destroy data (wanted: {successor})")


@settings(max_examples=80, deadline=None)
@given(wishes, worlds)
def test_what_is_referred_to_is_changed_in_an_earlier_wave(desired: list[Resource], world: list[Instance]) -> None:
    plan = make_plan("shop", desired, world)
    wave_of = {
        change.address: number
        for number, wave in enumerate(plan.waves)
        for change in wave
        if change.action != "destroy"
    }
    for change in plan.changes:
        if change.action != "destroy" and change.resource is not None:
            for name in change.resource.dependencies:
                assert wave_of.get(name, -1) < wave_of[change.address]
