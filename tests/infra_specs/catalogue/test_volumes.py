"""A service's own volumes: what they become on each target."""

from typing import Any

import pytest

from infra_specs.catalogue.desired import desired_state
from infra_specs.plan.make_plan import make_plan
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Ref, Resource
from infra_specs.sizing.size import size
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure


def desired(provider: str = "memory", **service: Any) -> dict[str, Resource]:
    base = {"command": "run", "image": "shop:1", "port": 80, "volumes": {"data": "/var/lib/app", "user-files": "/f"}}
    stack = a_stack(target={"provider": provider}, services={"web": base | service}, users={"monthly": 10_000_000})
    made = desired_state(stack, size(stack), counts={"web": 7}, secrets={}, source="/home/shop")
    return {resource.address: resource for resource in made}


def test_each_is_data_and_the_one_replica_holds_it() -> None:
    made = desired()
    assert [address for address in made if not address.startswith(("proxy", "route"))] == [
        "volume/web.data", "volume/web.user-files", "replica/web-0",
    ]  # fmt: skip
    assert made["volume/web.data"].stateful
    assert made["replica/web-0"].singleton
    assert made["replica/web-0"].dependencies == ("volume/web.data", "volume/web.user-files")


def test_the_program_finds_it_by_the_same_variable_on_every_target() -> None:
    process, container = (desired(provider)["replica/web-0"].settings for provider in ("local", "docker"))
    assert process["env"]["DATA_DIR"] == Ref("volume/web.data", "path")  # type: ignore[index, call-overload]
    assert container["env"]["DATA_DIR"] == "/var/lib/app"  # type: ignore[index, call-overload]
    assert container["env"]["USER_FILES_DIR"] == "/f"  # type: ignore[index, call-overload]
    assert container["volumes"] == {
        "/var/lib/app": Ref("volume/web.data", "path"),
        "/f": Ref("volume/web.user-files", "path"),
    }


def test_a_service_without_them_is_as_ever() -> None:
    plain = desired("docker", volumes={})["replica/web-0"]
    assert not plain.singleton
    assert "volumes" not in plain.settings


def test_why_it_has_one_replica_is_said() -> None:
    stack = a_stack(
        services={"web": {"command": "run", "port": 80, "volumes": {"data": "/d"}}}, users={"monthly": 10**7}
    )
    assert size(stack).arithmetic[-1] == "web: it has volumes, so at most 1"


def test_it_is_kept_when_the_service_is_not_wanted_any_more() -> None:
    instances = [
        Instance(
            "shop",
            resource.address,
            resource.kind,
            resource.fingerprint,
            1,
            Health("healthy", "", 0),
            stateful=resource.stateful,
        )
        for resource in desired().values()
    ]
    plan = make_plan("shop", (), instances)
    assert [skipped.address for skipped in plan.skipped] == ["volume/web.data", "volume/web.user-files"]
    assert not make_plan("shop", (), instances, delete_data=True).skipped
