"""From a spec to resources, where these are containers."""

from typing import Any

import pytest

from infra_specs.catalogue.desired import desired_state
from infra_specs.catalogue.images import image, image_of, pinned
from infra_specs.resources.resource import Ref, Resource, SecretRef, canonical
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.target import Docker
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure

NEEDS = {"database": "postgres", "cache": "valkey"}


def desired(target: dict[str, Any] | None = None, service: dict[str, Any] | None = None) -> dict[str, Resource]:
    stack = a_stack(
        target={"provider": "docker", **(target or {})},
        services={"web": {"image": "shop:1", "port": 80, **(service or {})}},
        needs=NEEDS,
    )
    made = desired_state(stack, size(stack), counts={}, secrets={"stripe": 4}, source="/home/shop")
    return {resource.address: resource for resource in made}


def test_the_addresses_are_those_of_every_target() -> None:
    assert list(desired()) == [
        "volume/database", "database/main", "cache/main", "proxy/main", "replica/web-0", "route/web",
    ]  # fmt: skip


def test_each_has_its_image_and_its_limit() -> None:
    made = desired(service={"memory": "256MB", "cpus": 0.5})
    images = {address: resource.settings["image"] for address, resource in made.items() if "image" in resource.settings}
    assert images == {
        "database/main": pinned()["database"],
        "cache/main": pinned()["cache"],
        "proxy/main": pinned()["proxy"],
        "replica/web-0": "shop:1",
    }
    assert made["database/main"].settings["limit"] == made["database/main"].settings["memory"]
    assert made["cache/main"].settings["limit"] > made["cache/main"].settings["memory"]  # type: ignore[operator]
    assert made["replica/web-0"].settings["limit"] == 256 * 2**20
    assert made["replica/web-0"].settings["cpus"] == 0.5


def test_a_replica_is_of_an_image_and_not_of_a_name() -> None:
    stack = a_stack(target={"provider": "docker", "mirror": "hub.example"}, services={"web": {"image": "shop:1"}})
    then, now = (
        desired_state(stack, size(stack), counts={}, secrets={}, source="/", images=known)[0]
        for known in ({"shop:1": "sha256:1"}, {"shop:1": "sha256:2"})
    )
    assert (then.settings["image"], then.settings["image_id"]) == ("hub.example/shop:1", "sha256:1")
    assert then.fingerprint != now.fingerprint


def test_where_the_spec_lies_is_nothing_to_a_container() -> None:
    assert "folder" not in desired()["replica/web-0"].settings


def test_a_secret_is_in_the_environment_or_in_a_file() -> None:
    env = {"MODE": "fast", "KEY": {"secret": "stripe"}, "PGHOST": {"from": "database.host"}}
    plain = desired(service={"env": env})["replica/web-0"].settings
    assert plain["files"] == {}
    assert plain["env"]["KEY"] == SecretRef("stripe", 4)  # type: ignore[index, call-overload]
    filed = desired(service={"env": env, "secrets": "files"})["replica/web-0"].settings
    assert set(filed["files"]) == {"KEY", "DATABASE_URL", "CACHE_URL"}  # type: ignore[arg-type]
    assert canonical(filed["env"]) == {
        "PGHOST": {"ref": str(Ref("database/main", "host"))},
        "MODE": "fast",
        "TENFOLD_SERVICE": "web",
        "TENFOLD_REPLICA": "web-0",
    }


def test_a_running_proxy_keeps_its_ports() -> None:
    proxy = desired({"port": 8080})["proxy/main"]
    assert proxy.settings["port"] == 8080
    assert proxy.mutable == ("tls", "certificates", "challenges", "trust_proxies", "upload_timeout", "edition")
    assert proxy.singleton


def test_another_image_is_another_thing() -> None:
    other = desired({"images": {"postgres": "mine/postgres:18"}})
    assert other["database/main"].settings["image"] == "mine/postgres:18"
    assert other["database/main"].fingerprint != desired()["database/main"].fingerprint
    assert other["cache/main"].fingerprint == desired()["cache/main"].fingerprint


@pytest.mark.parametrize(
    ("target", "name", "found"),
    [
        ({}, "postgres:18", "postgres:18"),
        ({"images": {"postgres": "mine:1"}}, "postgres:18", "mine:1"),
        ({"images": {"postgres": "mine:1", "postgres:18": "mine:2"}}, "postgres:18", "mine:2"),
        ({"images": {"postgres:17": "mine:1"}}, "postgres:18", "postgres:18"),
        ({"mirror": "hub.example.com/all"}, "valkey/valkey:9", "hub.example.com/all/valkey/valkey:9"),
        ({"mirror": "hub.example.com"}, "ghcr.io/shop/app:2", "ghcr.io/shop/app:2"),
        ({"mirror": "hub.example.com"}, "localhost/app", "localhost/app"),
        ({"mirror": "hub.example.com", "images": {"app": "app:mine"}}, "app:1", "app:mine"),
        ({"mirror": "hub.example.com"}, f"sha256:{'0' * 64}", f"sha256:{'0' * 64}"),
        ({"images": {"localhost:5000/app": "other:1"}}, "localhost:5000/app", "other:1"),
    ],
)
def test_where_an_image_is_taken_from(target: dict[str, Any], name: str, found: str) -> None:
    assert image(Docker(provider="docker", **target), name) == found


def test_every_image_of_the_catalogue_is_pinned_to_a_version() -> None:
    assert set(pinned()) == {"database", "cache", "files", "proxy"}
    assert all(":" in name and not name.endswith(":latest") for name in pinned().values())
    assert image_of(Docker(provider="docker"), "cache") == pinned()["cache"]


def test_a_server_of_files_has_its_image_and_a_limit_by_what_it_sends_at_once() -> None:
    static = {"path": "/media", "volume": "media"}
    made = desired(service={"volumes": {"media": "/srv/media"}, "route": {"static": static}})
    settings = made["files/web"].settings
    assert (settings["image"], settings["limit"]) == (pinned()["files"], 64 * 2**20)
    assert settings["volume"] == Ref("volume/web.media", "path")
