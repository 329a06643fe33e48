"""A changed file over what is deployed: what the file did not change stays as it was deployed."""

from typing import Any

import pytest

from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.merge import merged
from tests.infra_specs.releases.shop import held, shop

pytestmark = pytest.mark.pure

one = {"image": "app:1", "port": 80}
worker = {"image": "work:1"}
cases: dict[str, tuple[Any, Any, Any, Any]] = {
    # the file then, the file now, what is deployed -> what shall run
    "nothing changed": ({"web": one}, {"web": one}, {"web": one}, {"web": one}),
    "a deployed image stays": (
        {"web": one}, {"web": {**one, "health": "/up"}}, {"web": {**one, "image": "app:2"}},
        {"web": {**one, "image": "app:2", "health": "/up"}},
    ),
    "the file's own image changed": (
        {"web": one}, {"web": {**one, "image": "app:3"}}, {"web": {**one, "image": "app:2"}},
        {"web": {**one, "image": "app:3"}},
    ),
    "variables one by one": (
        {"web": {**one, "env": {"A": "1", "B": "1", "C": "1"}}}, {"web": {**one, "env": {"A": "2", "B": "1"}}},
        {"web": {**one, "env": {"A": "1", "B": "9", "C": "9", "D": "9"}}},
        {"web": {**one, "env": {"A": "2", "B": "9", "D": "9"}}},
    ),
    "a new service": ({"web": one}, {"web": one, "w": worker}, {"web": one}, {"web": one, "w": worker}),
    "a service that went": ({"web": one, "w": worker}, {"web": one}, {"web": one, "w": worker}, {"web": one}),
    "one that a rollback brought back stays": (
        {"web": one}, {"web": one}, {"web": one, "w": worker}, {"web": one, "w": worker},
    ),
    "one that a rollback took stays away": ({"web": one, "w": worker}, {"web": one, "w": worker}, {"web": one},
                                            {"web": one}),
    "renamed, gone back, and changed": (
        {"api": one}, {"api": {**one, "health": "/up"}}, {"web": one}, {"api": {**one, "health": "/up"}},
    ),
    "renamed, gone back, and another changed": (
        {"api": one, "w": worker}, {"api": one, "w": {**worker, "command": "go"}}, {"web": one, "w": worker},
        {"api": one, "w": {**worker, "command": "go"}},
    ),
    "renamed, gone back, and sized anew": ({"api": one}, {"api": {**one, "replicas": 3}}, {"web": one}, {"web": one}),
    "public in the file, and without a port where it went back to": (
        {"w": {**worker, "port": 80}}, {"w": {**worker, "port": 80, "public": True}}, {"w": worker},
        {"w": {**worker, "port": 80, "public": True}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", cases)
def test_services(name: str) -> None:
    base, now, deployed, run = (held(shop(services)) for services in cases[name])
    assert merged(base, now, deployed) == run


def test_counts_are_always_the_files() -> None:
    base, now = held(shop(replicas=1)), held(shop(replicas=5))
    assert merged(base, now, held(shop(image="app:2", replicas=1))).services["web"].replicas.min == 5


def test_a_deployed_volume_keeps_its_one_replica() -> None:
    file = held(shop(replicas={"min": 1, "max": 3}))
    deployed = held(shop(volumes={"data": "/data"}))
    web = merged(file, file, deployed).services["web"]
    assert (web.volumes, web.replicas.min, web.replicas.max) == ({"data": "/data"}, 1, 1)


def test_an_image_is_what_has_its_name_now_or_what_ran() -> None:
    services, name = held(shop()).services, "app:1"
    first, second, third = (ReleaseManifest(services, images={name: f"sha256:{one}"}) for one in "abc")
    assert merged(first, ReleaseManifest(services), first).images == first.images, "nobody looked"
    assert merged(first, second, first).images == second.images, "it was moved"
    assert merged(second, second, first).images == first.images, "it was moved before somebody went back"
    assert merged(second, third, first).images == third.images, "and then again"
    other = held(shop(image="app:2"))
    assert merged(first, other, first).images == {}, "of another name nothing is known yet"


def test_a_secrets_version_stays_until_a_newer_one_is_set() -> None:
    services = held(shop(env={"K": {"secret": "s"}})).services
    then, runs = ReleaseManifest(services, {"s": 4, "other": 1}), ReleaseManifest(services, {"s": 2})
    assert merged(then, ReleaseManifest(services, {"s": 4, "other": 2}), runs).secrets == {"s": 2}
    assert merged(then, ReleaseManifest(services, {"s": 5}), runs).secrets == {"s": 5}
    assert merged(then, ReleaseManifest(services, {}), runs).secrets == {}


@pytest.mark.parametrize(
    ("base", "now", "deployed", "runs"),
    [
        ({"web": "a"}, {"web": "a"}, {"web": "a"}, {"web": "a"}),
        ({"web": "a"}, {"web": "b"}, {"web": "a"}, {"web": "b"}),
        ({"web": "b"}, {"web": "b"}, {"web": "a"}, {"web": "a"}),
        ({}, {"web": "a"}, {}, {"web": "a"}),
        ({"web": "a"}, {}, {"web": "a"}, {"web": "a"}),
        ({}, {"gone": "a"}, {}, {}),
    ],
    ids=["unchanged", "edited", "gone back to", "of an earlier version", "not looked at", "of no service"],
)
def test_code_stays_as_deployed_until_it_is_edited(
    base: dict[str, str], now: dict[str, str], deployed: dict[str, str], runs: dict[str, str]
) -> None:
    services = held(shop()).services
    first, second, third = (ReleaseManifest(services, code=code) for code in (base, now, deployed))
    assert merged(first, second, third).code == runs
