"""Jobs: what runs to its end with all that a replica has."""

from typing import Any

import pytest

from infra_specs.catalogue.desired import desired_state
from infra_specs.catalogue.job import before_jobs, job
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, SecretRef
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure

secrets = {"stripe": 4}
ids = {"shop:1": "sha256:1"}
services = {
    "web": {
        "image": "shop:1", "command": "serve", "port": 80, "before": "migrate --all", "memory": "256MB",
        "env": {"KEY": {"secret": "stripe"}, "PGHOST": {"from": "database.host"}}, "secrets": "files",
    },
    "mail": {"image": "shop:1", "command": "mail", "before": ["mail", "check"]},
    "jobs": {"image": "shop:1", "command": "work"},
}  # fmt: skip


def shop(provider: str = "docker") -> Stack:
    return a_stack(target={"provider": provider}, services=services, needs={"database": "postgres"})


def one_off(stack: Stack, release: int = 3, **changed: Any) -> Resource:
    given: dict[str, Any] = {
        "source": "/srv",
        "secrets": secrets,
        "images": ids,
        "code": {},
        "release": release,
        **changed,
    }
    return job(stack, Address("job", "run", "1"), "web", ["sh", "-c", "date"], **given)


@pytest.mark.parametrize("provider", ["docker", "local", "memory"])
def test_a_job_has_what_a_replica_of_its_service_has(provider: str) -> None:
    stack = shop(provider)
    made = desired_state(stack, size(stack), counts={}, secrets=secrets, source="/srv", images=ids)
    replica = next(one for one in made if one.address == "replica/web-0")
    like = one_off(stack)
    assert (like.address, like.kind, like.stack) == ("job/run-1", "job", stack.name)
    own = {"slot", "serves", "health", "command", "env", "port", "release"}
    shared = replica.settings.keys() - own
    assert like.settings.keys() - own == shared
    assert {name: like.settings[name] for name in shared} == {name: replica.settings[name] for name in shared}
    theirs, its = dict(replica.settings["env"]), dict(like.settings["env"])  # type: ignore[arg-type, call-overload]
    assert (theirs.pop("TENFOLD_REPLICA"), its.pop("TENFOLD_JOB")) == ("web-0", "run-1")
    assert its == theirs
    assert like.settings["command"] == ["sh", "-c", "date"]


def test_secrets_go_where_a_replica_has_them() -> None:
    like = one_off(shop())
    assert like.settings["files"]["KEY"] == SecretRef("stripe", 4)  # type: ignore[index, call-overload]
    assert like.settings["env"]["PGHOST"] == Ref("database/main", "host")  # type: ignore[index, call-overload]
    assert like.dependencies == ("database/main",)


def test_of_one_name_there_is_one_at_a_time_and_nothing_is_drained() -> None:
    like = one_off(shop())
    assert like.singleton
    assert (like.stateful, like.drain_seconds) == (False, 0.0)


def test_each_service_that_says_so_has_one_before_its_release() -> None:
    first, second = before_jobs(shop(), source="/srv", secrets=secrets, images=ids, code={}, release=7)
    assert (first.address, first.settings["service"]) == ("job/before-web", "web")
    assert first.settings["command"] == ["migrate", "--all"]
    assert (second.address, second.settings["command"]) == ("job/before-mail", ["mail", "check"])


def test_it_is_the_same_again_for_the_same_release_only() -> None:
    def made(release: int) -> str:
        return before_jobs(shop(), source="/srv", secrets=secrets, images=ids, code={}, release=release)[0].fingerprint

    assert made(7) == made(7) != made(8)
