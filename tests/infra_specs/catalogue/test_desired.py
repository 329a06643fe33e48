"""From a spec to resources."""

from collections.abc import Iterable
from typing import Any

import pytest

from infra_specs.catalogue.desired import desired_state, generated_secrets
from infra_specs.certificates.host_certificate import HostCertificate, Order
from infra_specs.errors import PlanError
from infra_specs.plan.make_plan import make_plan
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Ref, Resource, SecretRef, canonical, references
from infra_specs.sizing.size import size
from infra_specs.stackfile.reading.load import from_data
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure

NEEDS = {"database": "postgres", "cache": "valkey"}


def desired(
    counts: dict[str, int] | None = None, secrets: dict[str, int] | None = None, **written: Any
) -> dict[str, Resource]:
    stack = a_stack(**written)
    made = desired_state(stack, size(stack), counts=counts or {}, secrets=secrets or {}, source="/home/shop")
    return {resource.address: resource for resource in made}


def test_everything_of_a_stack() -> None:
    assert list(desired(needs=NEEDS)) == [
        "volume/database", "database/main", "cache/main", "proxy/main", "replica/web-0", "route/web",
    ]  # fmt: skip


def test_a_queue_is_a_server_on_a_volume_that_no_plan_replaces() -> None:
    made = desired(needs={"queue": {"engine": "valkey", "memory": "64MB"}})
    assert list(made)[:2] == ["volume/queue", "queue/main"]
    volume, server = made["volume/queue"], made["queue/main"]
    assert (volume.stateful, volume.settings, server.stateful, server.singleton) == (True, {"size": 2**30}, False, True)
    assert server.settings["volume"] == Ref("volume/queue", "path")
    assert canonical(made["replica/web-0"].settings["env"])["QUEUE_URL"] == {
        "template": "redis://:{password}@{host}:{port}/0",
        "values": {
            "password": {"secret": "queue-password", "version": 1},
            "host": {"ref": "queue/main.host"},
            "port": {"ref": "queue/main.port"},
        },
    }
    assert generated_secrets(a_stack(needs={"queue": "valkey"})) == ("queue-password",)


def test_a_queue_in_a_container_has_room_for_a_copy_of_itself() -> None:
    services = {"web": {"image": "shop:1", "port": 80}}
    made = desired(target={"provider": "docker"}, services=services, needs={"queue": {"memory": "64MB"}})
    settings = made["queue/main"].settings
    assert (settings["limit"], settings["image"]) == (64 * 2**20 * 5 // 2 + 64 * 2**20, "valkey/valkey:9.1.2")


STATIC = {
    "command": "run",
    "port": 80,
    "volumes": {"media": "/m"},
    "route": {"static": {"path": "/media", "volume": "media"}},
}


def test_files_of_a_volume_have_a_server_and_a_route_of_their_own() -> None:
    made = desired(services={"web": STATIC, "web-files": {"command": "run", "port": 80, "route": {"path": "/f"}}})
    assert [address for address in made if made[address].settings.get("service") == "web"] == [
        "replica/web-0", "route/web", "files/web", "route/web.files",
    ]  # fmt: skip
    server, route = made["files/web"], made["route/web.files"]
    assert server.settings["volume"] == Ref("volume/web.media", "path")
    assert (server.singleton, server.stateful, server.drain_seconds) == (False, False, 30)
    assert (route.settings["path"], route.settings["endpoints"]) == ("/media", [Ref("files/web", "endpoint")])
    # Without a port nothing leads to a service, so nothing leads to its files.
    assert "files/web" not in desired(services={"web": {**STATIC, "port": None, "route": {}}})


def test_another_path_of_files_is_a_change_in_place_and_their_removal_leaves_the_volume() -> None:
    made = desired(services={"web": STATIC})
    moved = {**STATIC, "route": {"static": {"path": "/uploads", "volume": "media"}}}
    observed = instances(made.values())
    plan = make_plan("shop", tuple(desired(services={"web": moved}).values()), observed)
    assert [str(change) for change in plan.changes] == ["~ route/web.files (path changed)"]
    plan = make_plan("shop", tuple(desired(services={"web": {**STATIC, "route": {}}}).values()), observed)
    assert [str(change) for change in plan.changes] == ["- route/web.files (not wanted)", "- files/web (not wanted)"]


def instances(resources: Iterable[Resource]) -> list[Instance]:
    """What a target has of these resources, healthy, each with the same outputs."""
    outputs = dict.fromkeys(("endpoint", "path", "url"), "1")
    return [
        Instance(
            resource.stack,
            resource.address,
            resource.kind,
            resource.fingerprint,
            1,
            Health("healthy", "answers", 0.0),
            digests=resource.digests,
            bindings={str(reference): "1" for reference in references(resource.settings)},
            outputs=outputs,
            after=resource.dependencies,
            stateful=resource.stateful,
        )
        for resource in resources
    ]


def test_a_worker_has_no_route_and_a_stack_of_workers_no_proxy() -> None:
    assert list(desired(services={"jobs": {"command": "work"}})) == ["replica/jobs-0"]


def test_only_the_volume_holds_data() -> None:
    assert [resource.address for resource in desired(needs=NEEDS).values() if resource.stateful] == ["volume/database"]


def test_the_app_is_told_how_to_reach_what_it_needs() -> None:
    env = desired(needs=NEEDS)["replica/web-0"].settings["env"]
    assert canonical(env) == {
        "DATABASE_URL": {
            "template": "postgresql://app:{password}@{host}:{port}/app",
            "values": {
                "password": {"secret": "database-password", "version": 1},
                "host": {"ref": "database/main.host"},
                "port": {"ref": "database/main.port"},
            },
        },
        "CACHE_URL": {
            "template": "redis://:{password}@{host}:{port}/0",
            "values": {
                "password": {"secret": "cache-password", "version": 1},
                "host": {"ref": "cache/main.host"},
                "port": {"ref": "cache/main.port"},
            },
        },
        "TENFOLD_SERVICE": "web",
        "TENFOLD_REPLICA": "web-0",
    }


def test_own_environment_secrets_and_parts_of_needs() -> None:
    env = {"MODE": "fast", "KEY": {"secret": "stripe"}, "PGHOST": {"from": "database.host"}, "N": 3}
    made = desired(secrets={"stripe": 4}, needs=NEEDS, services={"web": {"command": "run", "port": 80, "env": env}})[
        "replica/web-0"
    ].settings["env"]
    assert isinstance(made, dict)
    assert (made["MODE"], made["N"]) == ("fast", "3")
    assert made["KEY"] == SecretRef("stripe", 4)
    assert made["PGHOST"] == Ref("database/main", "host")


def test_a_missing_secret_is_refused_with_the_command_that_sets_it() -> None:
    env = {"KEY": {"secret": "stripe"}, "OTHER": {"secret": "mail"}}
    with pytest.raises(PlanError) as refused:
        desired(services={"web": {"command": "run", "env": env}})
    assert str(refused.value) == (
        "shop: these secrets are named in the spec and not set. Set them first:\n"
        "  tenfold secret set shop mail\n  tenfold secret set shop stripe"
    )


@pytest.mark.parametrize(("asked", "got"), [(None, 3), (5, 5), (100, 22), (0, 1)])
def test_what_was_asked_for_holds_within_the_bounds(asked: int | None, got: int) -> None:
    users = {"monthly": 2_592_000, "sessions": 1, "requests": 15, "response_time": 1, "peak": 1}
    made = desired(counts={} if asked is None else {"web": asked}, users=users)
    assert sum(address.startswith("replica/") for address in made) == got
    assert len(made["route/web"].settings["endpoints"]) == got  # type: ignore[arg-type]


def test_the_folder_starts_at_the_specs_own() -> None:
    made = desired(services={"web": {"command": "run", "folder": "../api"}})
    assert made["replica/web-0"].settings["folder"] == "/home/api"


def test_no_secret_but_its_name() -> None:
    assert generated_secrets(a_stack(needs=NEEDS)) == ("database-password", "cache-password")
    assert generated_secrets(a_stack()) == ()


def test_the_order_of_a_first_provision() -> None:
    plan = make_plan("shop", desired(needs=NEEDS).values(), ())
    assert [[change.address for change in wave] for wave in plan.waves] == [
        ["volume/database", "cache/main", "proxy/main"],
        ["database/main"],
        ["replica/web-0"],
        ["route/web"],
    ]


def test_a_certificate_is_a_secret_of_the_proxys_alone_and_changes_in_place() -> None:
    tls = {"certificate": "a.pem", "key": {"secret": "key"}, "redirect": 80}
    made = desired(secrets={"key": 1, "tls-certificate": 3}, tls=tls)
    proxy = made["proxy/main"]
    assert (proxy.settings["tls"], proxy.settings["redirect"]) == (SecretRef("tls-certificate", 3), 80)
    assert {"tls", "redirect"} <= set(proxy.mutable)
    assert "tls" not in desired()["proxy/main"].settings
    with pytest.raises(PlanError, match="tenfold secret set shop key"):
        desired(tls=tls)


def test_whom_to_trust_and_how_long_to_wait_change_in_place() -> None:
    usual = desired()["proxy/main"]
    assert (usual.settings["trust_proxies"], usual.settings["upload_timeout"]) == ([], 3600)
    asked = desired(trust_proxies=["203.0.113.7"], timeouts={"upload": "90s"})["proxy/main"]
    assert (asked.settings["trust_proxies"], asked.settings["upload_timeout"]) == (["203.0.113.7/32"], 90)
    differing = {name for name in asked.settings if asked.digests[name] != usual.digests[name]}
    assert differing == {"trust_proxies", "upload_timeout"} <= set(asked.mutable)


def test_fetched_certificates_are_secrets_by_host_and_change_in_place_with_the_answers_of_orders() -> None:
    order = Order("https://ca.example.com/order/1", "token", "token.thumb", 1, "tls-account-1")
    known = {
        "a.example.com": HostCertificate("a.example.com", version=2, order=order),
        "b.example.com": HostCertificate("b.example.com"),
        "gone.example.com": HostCertificate("gone.example.com", version=1, order=order),
    }
    services = {
        host[0]: {"command": "run", "port": 80, "public": True, "route": {"host": host}}
        for host in ("a.example.com", "b.example.com", "c.example.com")
    }
    services["near"] = {"command": "run", "port": 80, "route": {"host": "*"}}
    data = {"name": "shop", "target": {"provider": "local"}, "services": services, "tls": {"email": "ops@example.com"}}
    stack = from_data(data, "spec")
    made = desired_state(stack, size(stack), counts={}, secrets={}, source="/", certificates=known)
    proxy = next(resource for resource in made if resource.kind == "proxy")
    assert proxy.settings["certificates"] == {"a.example.com": SecretRef("tls-certificate-a.example.com", 2)}
    assert proxy.settings["challenges"] == {"token": "token.thumb"}
    assert (proxy.settings["public_port"], proxy.settings["redirect"]) == (443, 80)
    assert "tls" not in proxy.settings
    assert {"certificates", "challenges"} <= set(proxy.mutable)
    whole = {f"{name}.example.com": HostCertificate(f"{name}.example.com", version=1) for name in "abc"}
    for certificates, own in (({}, True), (known, True), (whole, False)):
        made = desired_state(
            stack, size(stack), counts={}, secrets={"tls-certificate": 3}, source="/", certificates=certificates
        )
        proxy = next(resource for resource in made if resource.kind == "proxy")
        assert proxy.settings.get("tls") == (SecretRef("tls-certificate", 3) if own else None)
    given = from_data({**data, "target": {"provider": "local", "public_port": 8443},
                       "tls": {"email": "ops@example.com", "redirect": 8080}}, "spec")  # fmt: skip
    made = desired_state(given, size(given), counts={}, secrets={}, source="/")
    proxy = next(resource for resource in made if resource.kind == "proxy")
    assert (proxy.settings["public_port"], proxy.settings["redirect"]) == (8443, 8080)
    assert (proxy.settings["certificates"], proxy.settings["challenges"]) == ({}, {})
