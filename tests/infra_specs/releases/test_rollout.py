"""The steps of a rollout, and that each can be begun again."""

from dataclasses import replace
from typing import Any

import pytest

from infra_specs.catalogue.job import before_jobs
from infra_specs.errors import PlanError
from infra_specs.plan.make_plan import make_plan
from infra_specs.releases.rollout import Share, Step, batches, rollout
from infra_specs.resources.resource import Ref, Resource
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tests.infra_specs.releases.shop import shop, there, wanted

pytestmark = pytest.mark.pure


def steps(old: Stack, new: Stack, **options: Any) -> tuple[Step, ...]:
    return rollout(there(wanted(old)), wanted(new), **options)


def addresses(step: Step) -> list[str]:
    return [one.address for one in step.resources]


@pytest.mark.parametrize(("count", "parts"), [(0, 1), (1, 1), (10, 1), (11, 2), (20, 2), (25, 3), (40, 4), (400, 4)])
def test_batches(count: int, parts: int) -> None:
    assert batches(count) == parts


def test_few_replicas_change_at_once() -> None:
    (step,) = steps(shop(replicas=3), shop(replicas=3, image="app:2"))
    assert (step.why, step.alone, step.resources) == ("replicas", False, wanted(shop(replicas=3, image="app:2")))


def test_many_change_in_batches_behind_a_route_to_all() -> None:
    first, second = steps(shop(replicas=12), shop(replicas=12, image="app:2"))
    assert (first.why, first.alone, second.alone) == ("replicas, part 1 of 2", True, False)
    assert addresses(first) == ["proxy/main", *(f"replica/web-{slot}" for slot in range(6)), "route/web"]
    route = first.resources[-1]
    assert route.settings["endpoints"] == [Ref(f"replica/web-{slot}", "endpoint") for slot in range(12)]


def test_after_a_batch_only_the_rest_is_to_do() -> None:
    old, new = wanted(shop(replicas=12)), wanted(shop(replicas=12, image="app:2"))
    first = rollout(there(old), new)[0]
    made = {one.address: one for one in first.resources}
    now = there(tuple(made.get(one.address, one) for one in old))
    (last,) = rollout(now, new)
    changes = [str(change) for change in make_plan("shop", last.resources, now).changes if change.action == "create"]
    assert len(changes) == 6
    assert "web-6" in changes[0]


def test_what_is_there_already_needs_one_step() -> None:
    stack = shop(replicas=40)
    assert [step.why for step in rollout(there(wanted(stack)), wanted(stack))] == ["replicas"]
    assert [step.why for step in rollout([], wanted(stack))] == ["replicas"]


def test_with_another_health_path_all_change_at_once() -> None:
    assert len(steps(shop(replicas=40), shop(replicas=40, image="app:2", health="/up"))) == 1


def test_workers_change_in_batches_too() -> None:
    old, new = ({"work": {"image": image, "replicas": 30}} for image in ("app:1", "app:2"))
    assert [step.why for step in steps(shop(old), shop(new))] == [f"replicas, part {part} of 3" for part in (1, 2, 3)]


def test_jobs_come_first_with_what_they_need_and_nothing_else() -> None:
    spec = {"name": "shop", "target": {"provider": "docker"}, "needs": {"database": "postgres", "cache": "valkey"},
            "services": {"web": {"image": "app:2", "port": 80, "before": "migrate"}}}  # fmt: skip
    new = from_data(spec)
    jobs = before_jobs(new, source="/srv", secrets={}, images={}, code={}, release=2)
    first, second = rollout(there(wanted(shop())), wanted(new), jobs=jobs)
    assert (first.stage, first.why, first.alone) == ("before", "before web changes", True)
    assert set(addresses(first)) == {"volume/database", "database/main", "cache/main", "job/before-web"}
    assert "job/before-web" not in addresses(second), "its end is the end of it"
    assert [step.stage for step in rollout([], wanted(new), jobs=jobs, passed=1)] == ["replicas"]


def canary(old: Stack, new: Stack) -> Step | None:
    found = [step for step in steps(old, new, share=Share(10, 60)) if step.stage == "canary"]
    return found[0] if found else None


def test_a_canary_is_one_more_behind_the_same_route() -> None:
    step = canary(shop(replicas=2), shop(replicas=2, image="app:2"))
    assert step is not None
    assert (step.why, step.canary_seconds) == ("canary: 10 % of the requests of web for 60 s", 60)
    assert step.canaries == {"web": "replica/web-canary"}
    found = {one.address: one for one in step.resources}
    assert set(found) == {"proxy/main", "route/web", "replica/web-canary"}
    route, one = found["route/web"], found["replica/web-canary"]
    assert route.settings["weights"] == {"replica/web-canary": 10}
    assert [end.address for end in ends(route)] == ["replica/web-0", "replica/web-1", "replica/web-canary"]
    assert one.settings["image"] == "app:2"
    assert dict(one.settings["env"])["TENFOLD_REPLICA"] == "web-canary"  # type: ignore[call-overload]


def test_a_plan_takes_the_canary_away_at_the_end() -> None:
    old, new = shop(), shop(image="app:2")
    step = canary(old, new)
    assert step is not None
    made = {one.address: one for one in step.resources}
    now = there(tuple({**{one.address: one for one in wanted(old)}, **made}.values()))
    plan = [str(change) for change in make_plan("shop", wanted(new), now).changes]
    assert plan == [
        "+ replica/web-0 (image changed)", "~ route/web (endpoints, weights changed)",
        "- replica/web-0 (replaced)", "- replica/web-canary (not wanted)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (shop({"work": {"image": "a:1"}}), shop({"work": {"image": "a:2"}})),  # no requests
        (shop(), shop(image="app:2", health="/up")),  # one route cannot tell the health of both
        (shop(volumes={"data": "/data"}), shop(volumes={"data": "/data"}, image="app:2")),  # two cannot run at once
    ],
)
def test_who_wants_a_canary_that_cannot_be_is_told_so(old: Stack, new: Stack) -> None:
    with pytest.raises(PlanError, match="There can be no canary of w"):
        canary(old, new)
    assert steps(old, new), "without one it goes"
    assert steps(old, new, share=Share(10, 60), passed=2), "and so it does once that stage is over"


def test_where_nothing_changes_nothing_is_tried_out() -> None:
    assert canary(shop(), shop()) is None
    assert canary(shop(), shop(replicas=3)) is None


def ends(route: Resource) -> list[Any]:
    return list(route.settings["endpoints"])  # type: ignore[arg-type]


def test_a_sick_replica_has_no_part_in_it() -> None:
    old = there(wanted(shop(replicas=2)))
    sick = [replace(one, health=replace(one.health, state="failed")) if one.address == "replica/web-1" else one
            for one in old]  # fmt: skip
    step = rollout(sick, wanted(shop(replicas=2, image="app:2")), share=Share(5, 1))[0]
    route = next(one for one in step.resources if one.kind == "route")
    assert [end.address for end in ends(route)] == ["replica/web-0", "replica/web-canary"]
