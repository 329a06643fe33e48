"""What was deployed and does not fit a changed file yields to it, and the plan says so."""

from functools import partial
from typing import Any

import pytest

from infra_specs.releases.manifest import service_faults
from infra_specs.releases.merge import merged
from infra_specs.releases.rollback_notes import rollback_notes
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tests.infra_specs.releases.shop import held, shop

pytestmark = pytest.mark.pure


def at(path: str, **more: Any) -> dict[str, Any]:
    return {"image": "app:1", "port": 80, "route": {"path": path}, **more}


worker = {"image": "work:1"}
UNFIT = "what was deployed does not fit the changed file, and yields to it."
UNTIL = "until the file changes what its services run."
cases: dict[str, tuple[Any, Any, Any, Any, tuple[str, ...]]] = {
    # the file then, the file now, what is deployed -> what shall run, and the notes
    "renamed, and gone back": (
        {"api": at("/")}, {"api": at("/")}, {"web": at("/")}, {"web": at("/")},
        (f"services.web is not in the file: a rollback brought it back. It stays {UNTIL}",
         f"services.api is in the file: a rollback took it away. It stays away {UNTIL}"),
    ),
    "renamed, gone back, and changed": (
        {"api": at("/")}, {"api": at("/", health="/up")}, {"web": at("/")}, {"api": at("/", health="/up")},
        ("services.web goes: a rollback brought it back, and the changed file does not have it.",
         "services.api comes back: a rollback took it away, and the changed file has it."),
    ),
    "paths moved, gone back, and one moved again": (
        {"web": at("/a"), "api": at("/b")}, {"web": at("/api"), "api": at("/b")}, {"web": at("/"), "api": at("/api")},
        {"web": at("/api"), "api": at("/b")},
        (f"services.api: route path /api -> path /b: {UNFIT}",),
    ),
    "the same, with the services the other way round": (
        {"api": at("/b"), "web": at("/a")}, {"api": at("/b"), "web": at("/api")}, {"api": at("/api"), "web": at("/")},
        {"api": at("/b"), "web": at("/api")},
        (f"services.api: route path /api -> path /b: {UNFIT}",),
    ),
    "a deployed image stays where a path yields": (
        {"web": at("/a"), "api": at("/b")}, {"web": at("/api"), "api": at("/b")},
        {"web": at("/"), "api": at("/api", image="app:2")},
        {"web": at("/api"), "api": at("/b", image="app:2")},
        (f"services.api: route path /api -> path /b: {UNFIT}",),
    ),
    "a variable of a need that is gone": (
        {"web": at("/")}, {"web": at("/", health="/up")}, {"web": at("/", env={"CACHE": {"from": "cache.url"}})},
        {"web": at("/", health="/up")},
        (f"services.web: env CACHE removed, was cache.url: {UNFIT}",),
    ),
    "a need that is gone, and nothing else": (
        {"web": at("/")}, {"web": at("/")}, {"web": at("/", env={"CACHE": {"from": "cache.url"}})}, {"web": at("/")},
        (f"services.web: env CACHE removed, was cache.url: {UNFIT}",),
    ),
    "a need that is gone, and a service that came back": (
        {"web": at("/")}, {"web": at("/")}, {"web": at("/", env={"CACHE": {"from": "cache.url"}}), "w": worker},
        {"web": at("/")},
        ("services.w goes: a rollback brought it back, and the changed file does not have it.",
         f"services.web: env CACHE removed, was cache.url: {UNFIT}"),
    ),
    "only what a file drops itself": (
        {"web": at("/"), "w": worker}, {"web": at("/")}, {"web": at("/"), "w": worker}, {"web": at("/")}, (),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", cases)
def test_services_and_notes(name: str) -> None:
    then, file, runs, expected, notes = cases[name]
    stack = shop(file)
    sides = held(shop(then)), held(stack), held(shop_with_cache(runs))
    faults = partial(service_faults, stack)
    assert merged(*sides, faults) == held(shop(expected))
    assert rollback_notes(*sides, faults) == notes


def shop_with_cache(services: dict[str, Any]) -> Stack:
    target = {"provider": "docker"}
    return from_data({"name": "shop", "target": target, "services": services, "needs": {"cache": "valkey"}})
