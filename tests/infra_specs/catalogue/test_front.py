"""The front as a resource: what changes in place on which target, and what is left to a proxy that still has it."""

import pytest
from pydantic import TypeAdapter

from infra_specs.catalogue.front import front
from infra_specs.sharing.front import SharedPort
from infra_specs.stackfile.models.target import Target

pytestmark = pytest.mark.pure
target_of = TypeAdapter[Target](Target).validate_python
LOCAL, DOCKER = target_of({"provider": "local"}), target_of({"provider": "docker", "mirror": "m.example.com"})
SECURE = SharedPort(443, "https", {"a.example.com": "shop", "b.example.com": "blog"})
PLAIN = SharedPort(80, "http", {"a.example.com": "shop"})


def test_on_processes_all_of_it_changes_in_place() -> None:
    (resource,) = front(LOCAL, [PLAIN, SECURE])
    assert (resource.stack, resource.address, resource.kind) == ("front_local", "front/main", "front")
    assert set(resource.settings) == set(resource.mutable)
    (resource,) = front(LOCAL, [SECURE], {443})
    assert resource.settings["ports"] == {}, "left to the proxy that still has it"


def test_of_a_container_the_hosts_change_in_place_and_the_ports_do_not() -> None:
    (resource,) = front(DOCKER, [PLAIN, SECURE], {80})
    assert resource.settings["published"] == [443]
    assert str(resource.settings["image"]).startswith("m.example.com/")
    assert set(resource.mutable) == {"ports", "edition"}
    assert front(DOCKER, [SECURE], {443}) == (), "made once it can have a port"


def test_without_a_port_there_is_none() -> None:
    assert front(LOCAL, []) == front(DOCKER, []) == ()
