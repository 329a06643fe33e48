"""Releases that serve: which of them do clearly worse than the one before, with the numbers that say so."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.releases.canary import RequestCount
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.watch import (
    Before,
    Watch,
    before_release,
    begun,
    judge_release,
    more_by_chance,
    watched_services,
)
from infra_specs.resources.instance import Health, Instance
from infra_specs.stackfile.models.service import Service

pytestmark = pytest.mark.pure


def copy(number: int, *, restarts: int = 0, service: str = "web") -> Instance:
    return Instance(
        "shop", f"replica/{service}-0", "replica", "f", number, Health("healthy", "exited with 1", 0.0),
        outputs={"endpoint": f"10.0.0.{number}:80"}, restarts=restarts,
    )  # fmt: skip


def watch(requests: int, errors: int, *, restarts: int = 0) -> Watch:
    return Watch(100.0, {"web": Before(requests, errors, ("10.0.0.1:80",), restarts, 60.0)})


@pytest.mark.parametrize(
    ("before", "after", "state", "reason"),
    [
        ((300, 0), (493, 493), "worse", "web: 493 of 493 requests failed, before it 0 of 300; by chance once in"),
        ((300, 0), (0, 0), "unknown", "web: no request came, so nothing is concluded"),
        ((300, 0), (19, 19), "unknown", "web: 19 of 19 requests failed, before it 0 of 300; fewer than 20 say nothing"),
        ((300, 0), (20, 20), "worse", "web: 20 of 20 requests failed"),
        ((300, 0), (100, 1), "as good", "web: 1 of 100 requests failed, before it 0 of 300"),
        ((300, 0), (300, 12), "worse", "web: 12 of 300 requests failed"),
        ((300, 30), (300, 36), "as good", "web: 36 of 300 requests failed"),
        ((300, 300), (300, 300), "as good", "web: 300 of 300 requests failed, before it 300 of 300"),
        ((1_000_000, 1_000), (1_000_000, 3_000), "as good", "web: 3000 of 1000000 requests failed"),
        ((1_000_000, 1_000), (1_000_000, 13_000), "worse", "web: 13000 of 1000000 requests failed"),
        ((0, 0), (100, 100), "worse", "web: 100 of 100 requests failed, before it 0 of 0"),
        ((0, 0), (20, 3), "as good", "web: 3 of 20 requests failed, before it 0 of 0"),
        ((3, 3), (20, 20), "worse", "web: 20 of 20 requests failed, before it 3 of 3"),
        ((300, 0), (50, 80), "worse", "web: 80 of 50 requests failed"),
    ],
)
def test_the_table(before: tuple[int, int], after: tuple[int, int], state: str, reason: str) -> None:
    counts = {"web": {"10.0.0.1:80": RequestCount(*before), "10.0.0.2:80": RequestCount(*after)}}
    verdict = judge_release(watch(*before), [copy(2)], counts)
    assert (verdict.state, verdict.reason[: len(reason)]) == (state, reason)


@pytest.mark.parametrize(
    ("restarts", "before", "state"), [(0, 0, "unknown"), (2, 0, "unknown"), (3, 0, "worse"), (5, 5, "unknown")]
)
def test_crashes(restarts: int, before: int, state: str) -> None:
    verdict = judge_release(watch(300, 0, restarts=before), [copy(1, restarts=9), copy(2, restarts=restarts)], {})
    assert verdict.state == state
    assert state != "worse" or verdict.reason == "web: web-0#2 ended 3 times: exited with 1"


def test_only_what_came_since_its_watch_began_counts() -> None:
    seen = {"web": {"10.0.0.2:80": RequestCount(500, 400)}}
    watched = begun(watch(300, 0).services, seen, 100.0)
    later = {"web": {"10.0.0.2:80": RequestCount(600, 400)}}
    assert judge_release(watched, [copy(2)], later).reason == "web: 0 of 100 requests failed, before it 0 of 300"
    anew = {"web": {"10.0.0.2:80": RequestCount(50, 50)}}
    assert judge_release(watched, [copy(2)], anew).state == "worse"


def test_the_worst_service_decides() -> None:
    both = {"web": Before(300, 0, (), 0, 60.0), "api": Before(300, 0, (), 0, 600.0)}
    counts = {"web": {"a": RequestCount(100, 0)}, "api": {"b": RequestCount(100, 100)}}
    watched = Watch(100.0, both)
    assert judge_release(watched, [], counts).reason.startswith("api: 100 of 100 requests failed")
    assert watched.until == 700.0
    assert judge_release(Watch(100.0, {}), [], counts).state == "unknown"


def test_it_is_compared_with_what_runs() -> None:
    counts = {"web": {"10.0.0.1:80": RequestCount(9, 1), "10.0.0.7:80": RequestCount(5, 5)}}
    before = before_release({"web": 60.0, "new": 60.0}, [copy(1, restarts=4)], counts)
    assert before == {"web": Before(9, 1, ("10.0.0.1:80",), 4, 60.0)}


def test_who_is_watched() -> None:
    web, quiet = Service(command=["a"], port=80), Service(command=["a"], port=80, watch=0)
    job = Service(command=["a"])
    before = ReleaseManifest({"web": web, "quiet": quiet, "job": job, "same": web})
    changed = {"command": ["b"]}
    after = ReleaseManifest({
        "web": web.model_copy(update={**changed, "watch": 5.0}), "quiet": quiet.model_copy(update=changed),
        "job": job.model_copy(update=changed), "same": web, "new": web,
    })  # fmt: skip
    assert watched_services(before, after) == {"web": 5.0}


def test_it_is_recorded_as_json() -> None:
    watched = replace(watch(3, 1), verdict="as good")
    assert Watch.from_data(json.loads(json.dumps(watched.data()))) == watched


counts = st.integers(0, 60).flatmap(lambda n: st.integers(0, n).map(lambda errors: RequestCount(n, errors)))


@given(counts, counts)
def test_chance_is_a_share_and_grows_with_fewer_errors(new: RequestCount, old: RequestCount) -> None:
    chance = more_by_chance(new, old)
    assert 0.0 <= chance <= 1.0
    if new.errors:
        fewer = more_by_chance(RequestCount(new.requests, new.errors - 1), RequestCount(old.requests, old.errors))
        assert fewer >= chance - 1e-9 or new.errors - 1 + old.errors == 0


@pytest.mark.parametrize(
    ("new", "old", "chance"),
    [((4, 3), (4, 1), 0.242857), ((20, 10), (20, 0), 0.000218), ((10, 0), (10, 0), 1.0), ((5, 5), (5, 0), 0.003968)],
)
def test_fishers_own_numbers(new: tuple[int, int], old: tuple[int, int], chance: float) -> None:
    assert more_by_chance(RequestCount(*new), RequestCount(*old)) == pytest.approx(chance, rel=1e-3)
