"""What a front is told: a chain or a route a host, the client's address first, and no change of what stays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra_specs.catalogue.front import front
from infra_specs.sharing.front import SharedPort
from infra_specs.stackfile.models.target import Local
from tasks.providers.envoy.front import clusters, listeners, routes, shared_ports
from tasks.providers.envoy.listener import ClientPolicy, Listener, ports_of, public_listeners
from tasks.providers.envoy.listener import listeners as proxy_listeners

pytestmark = pytest.mark.pure
SECURE = SharedPort(443, "https", {"a.example.com": "shop", "b.example.com": "blog", "c.example.com": "blog"})
PLAIN = SharedPort(80, "http", {"a.example.com": "shop", "*.example.org": "blog"})


def told(*ports: SharedPort) -> list[Any]:
    return list(listeners(Path("/x"), ports, 1000)["resources"])


def door_of(stack: str, port: int) -> Any:
    return {"pipe": {"path": f"/doors/{stack}/{port}"}}


def test_the_name_in_the_handshake_chooses_and_nothing_is_decrypted() -> None:
    (listener,) = told(SECURE)
    assert [chain["filter_chain_match"]["server_names"] for chain in listener["filter_chains"]] == [
        ["b.example.com", "c.example.com"], ["a.example.com"],
    ]  # fmt: skip
    for chain in listener["filter_chains"]:
        assert "transport_socket" not in chain
        limit, passing = (each["typed_config"] for each in chain["filters"])
        assert limit["max_connections"] == 1000
        assert passing["idle_timeout"] == "0s", "the proxy behind bounds silence"
    assert listener["enable_reuse_port"] is False


def test_another_stack_changes_no_chain_of_those_that_stay() -> None:
    def chain(*hosts: tuple[str, str]) -> Any:
        (listener,) = told(SharedPort(443, "https", dict(hosts)))
        return next(each for each in listener["filter_chains"] if each["name"] == "shop")

    shop, blog = ("a.example.com", "shop"), ("b.example.com", "blog")
    assert chain(shop) == chain(blog, shop) == chain(shop, blog, ("z.example.com", "wiki"))


def test_the_last_stack_at_a_port_may_answer_for_every_host() -> None:
    """The front keeps the port when its others are gone, and no name in a handshake is a star."""
    (listener,) = told(SharedPort(443, "https", {"*": "shop"}))
    assert [chain["filter_chain_match"] for chain in listener["filter_chains"]] == [{}]
    (host,) = routes(SharedPort(80, "http", {"*": "shop"}))["resources"][0]["virtual_hosts"]
    assert host["domains"] == ["*"]


def test_another_host_of_plain_http_changes_no_listener() -> None:
    assert told(PLAIN) == told(SharedPort(80, "http", {"z.example.com": "wiki"}))
    config = routes(PLAIN)["resources"][0]
    assert {host["name"]: host["domains"] for host in config["virtual_hosts"]} == {
        "*.example.org": ["*.example.org", "*.example.org."], "a.example.com": ["a.example.com", "a.example.com."],
    }  # fmt: skip
    assert routes(PLAIN)["version_info"] != routes(SharedPort(80, "http", {}))["version_info"]


def test_each_stack_is_told_the_clients_address_at_its_door() -> None:
    made = {cluster["name"]: cluster for cluster in clusters([SECURE, PLAIN], door_of)["resources"]}
    assert made.keys() == {"shop-443", "blog-443", "shop-80", "blog-80"}
    for name, cluster in made.items():
        stack, port = name.split("-")
        (group,) = cluster["load_assignment"]["endpoints"]
        assert group["lb_endpoints"][0]["endpoint"]["address"] == {"pipe": {"path": f"/doors/{stack}/{port}"}}
        assert cluster["transport_socket"]["name"] == "envoy.transport_sockets.upstream_proxy_protocol"


def test_a_proxy_behind_waits_at_its_doors_and_has_no_port_there() -> None:
    settings: dict[str, Any] = {"certificates": {}, "challenges": {}}
    behind = [replace(each, door=f"../{each.port}") for each in public_listeners(settings, (443, 443), (80, 80))]
    assert [(each.name, each.door) for each in behind] == [("plain", "../80")]
    made = proxy_listeners(Path("/x"), [*behind, Listener("local", "127.0.0.1", 1, 1)], ClientPolicy(10))
    door = made["resources"][0]
    assert door["address"] == {"pipe": {"path": "../80", "mode": 0o660}}
    assert [each["name"] for each in door["listener_filters"]] == ["envoy.filters.listener.proxy_protocol"]
    assert "tcp_keepalive" not in door, "a unix socket knows none"
    assert ports_of(made) == {1}


def test_what_a_front_is_told_comes_from_its_settings() -> None:
    (resource,) = front(Local(provider="local"), [SECURE, PLAIN])
    assert shared_ports(resource.settings) == [PLAIN, SECURE]


def test_a_proxy_that_knows_the_front_by_its_address_has_no_chain_for_others() -> None:
    listener = Listener("public", "0.0.0.0", 8081, 443, front="172.18.0.14")
    (made,) = proxy_listeners(Path("/x"), [listener], ClientPolicy(10, ("10.0.0.0/8",)))["resources"]
    only = [{"address_prefix": "172.18.0.14", "prefix_len": 32}]
    assert [chain["filter_chain_match"]["direct_source_prefix_ranges"] for chain in made["filter_chains"]] == [only] * 2
    assert [each["name"] for each in made["listener_filters"]] == ["envoy.filters.listener.proxy_protocol"]
    assert made["tcp_keepalive"]
