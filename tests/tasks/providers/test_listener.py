"""What a proxy is told of its listeners: two chains by trust, every bound, and when open connections are led over."""

from pathlib import Path
from typing import Any

import pytest

from tasks.providers.envoy.admin_state import serves_listeners
from tasks.providers.envoy.client_headers import removed
from tasks.providers.envoy.listener import ClientPolicy, Listener, listeners, policy_of, ports_of, public_listeners

pytestmark = pytest.mark.pure
local = Listener("local", "127.0.0.1", 1, 1)
public = Listener("public", "0.0.0.0", 8081, 443)
redirect = Listener("redirect", "0.0.0.0", 80, 80, redirect=443)
policy = ClientPolicy(1024)
trusting = ClientPolicy(1024, ("10.0.0.0/8", "2001:db8::/32", "10.0.0.0/8"))


def chains(listener: Listener, policy: ClientPolicy = policy) -> list[Any]:
    (made,) = listeners(Path("/x"), [listener], policy)["resources"]
    return list(made["filter_chains"])


def manager(chain: Any) -> Any:
    limit, manager = (filter["typed_config"] for filter in chain["filters"])
    assert limit["max_connections"] == 1024
    return manager


def test_every_wait_for_a_client_is_bounded() -> None:
    for listener in (local, public, redirect):
        for chain in chains(listener, ClientPolicy(1024, ("10.0.0.0/8",), upload_seconds=90)):
            told = manager(chain)
            assert (told["request_headers_timeout"], told["request_timeout"]) == ("10s", "90s")
            trusted = chain["name"].startswith("trusted")
            assert told["common_http_protocol_options"]["idle_timeout"] == ("895s" if trusted else "55s")
            assert told["drain_timeout"] == "5s"
            assert told["http2_protocol_options"]["max_concurrent_streams"] == 100
            assert chain["transport_socket_connect_timeout"] == "10s"
            assert told["stream_idle_timeout"] == "0s", "what is quiet the routes bound"


def test_only_where_networks_are_trusted_is_a_chain_for_them() -> None:
    assert ["filter_chain_match" in chain for chain in chains(local)] == [False]
    clients, trusted = chains(local, trusting)
    assert trusted["filter_chain_match"]["source_prefix_ranges"] == [
        {"address_prefix": "10.0.0.0", "prefix_len": 8},
        {"address_prefix": "2001:db8::", "prefix_len": 32},
    ]
    assert manager(clients)["use_remote_address"] is True
    assert "original_ip_detection_extensions" not in manager(clients)
    assert "use_remote_address" not in manager(trusted)
    assert manager(trusted)["preserve_external_request_id"] is True
    assert len(chains(redirect, trusting)) == 1, "it tells no app anything"


def test_open_connections_are_led_over_when_trust_changes() -> None:
    names = [
        [chain["name"] for chain in chains(local, each)]
        for each in (policy, trusting, ClientPolicy(1024, ("10.0.0.0/9",)))
    ]
    assert len({name for each in names for name in each}) == 5
    upload = ClientPolicy(1024, trusting.trusted, upload_seconds=1)
    assert [chain["name"] for chain in chains(local, upload)] == names[1]


def test_an_app_is_told_the_port_that_clients_know() -> None:
    mutations = manager(chains(public)[0])["http_filters"][1]["typed_config"]["mutations"]["request_mutations"]
    told = {
        mutation["append"]["header"]["key"]: mutation["append"]["header"]["value"]
        for mutation in mutations
        if "append" in mutation
    }
    assert told["x-forwarded-port"] == "443"


def test_names_with_underscores_and_trailers_pass_nowhere() -> None:
    for chain in chains(local, trusting):
        assert manager(chain)["common_http_protocol_options"]["headers_with_underscores_action"] == "DROP_HEADER"
        assert "enable_trailers" not in manager(chain)["http_protocol_options"], "trailers are off by default"


@pytest.mark.parametrize("name", ["forwarded", "proxy", "x-real-ip", "x-forwarded-client-cert"])
def test_what_nobody_may_say(name: str) -> None:
    assert {"remove": name} in removed(trusted=True)
    assert {"remove": name} in removed(trusted=False)


def test_the_version_is_of_what_is_told() -> None:
    versions = {
        listeners(Path("/x"), each, told)["version_info"]
        for each in ([local], [local, public])
        for told in (policy, trusting, ClientPolicy(1024, upload_seconds=90), ClientPolicy(2048))
    }
    assert len(versions) == 8
    assert listeners(Path("/x"), [local], policy) == listeners(Path("/x"), [local], policy)


def test_a_policy_is_read_from_a_proxys_settings() -> None:
    assert policy_of({"port": None}, 7) == ClientPolicy(7)
    settings = {"trust_proxies": ["10.0.0.0/8"], "upload_timeout": 9.0, "tls": "pem"}
    assert policy_of(settings, 7) == ClientPolicy(7, ("10.0.0.0/8",), 9.0)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [("public", ()), ("redirect", ())]),
        ({"tls": "pem"}, [("public", ("certificate",)), ("redirect", ())]),
        ({"certificates": {}}, [("plain", ())]),
        (
            {"certificates": {"b.example.com": "pem", "a.example.com": "pem"}},
            [("public", ("certificate-a.example.com", "certificate-b.example.com")), ("plain", ())],
        ),
        ({"certificates": {}, "tls": "pem"}, [("public", ("certificate",)), ("plain", ())]),
        (
            {"certificates": {"a.example.com": "pem"}, "tls": "pem"},
            [("public", ("certificate-a.example.com", "certificate")), ("plain", ())],
        ),
    ],
)
def test_beyond_loopback_it_listens_for_https_once_there_is_a_certificate(settings: Any, expected: Any) -> None:
    made = public_listeners(settings, (8081, 443), (8082, 80))
    assert [(listener.name, listener.certificates) for listener in made] == expected
    assert [listener.name for listener in public_listeners(settings, (8081, 443), None)] == [
        name for name, _ in expected if name == "public"
    ]
    assert ports_of(listeners(Path("/x"), made, policy)) == {listener.port for listener in made}
    assert ports_of(None) == frozenset()


def test_each_certificate_is_read_from_a_file_of_its_own() -> None:
    secured = Listener("public", "0.0.0.0", 1, 1, certificates=("certificate-a", "certificate-b"))
    configs = chains(secured)[0]["transport_socket"]["typed_config"]["common_tls_context"][
        "tls_certificate_sds_secret_configs"
    ]
    paths = [config["sds_config"]["path_config_source"]["path"] for config in configs]
    assert paths == ["/x/certificate-a.json", "/x/certificate-b.json"]
    assert "transport_socket" not in chains(public)[0]


def test_a_listener_that_is_open_keeps_its_options() -> None:
    """The proxy refuses other options of an open socket, and with them every change of its listeners."""
    before = {"resources": [{"name": "local"}]}
    now = listeners(Path("/x"), [local], policy)
    assert policy_of({}, 1024).keepalive
    assert not policy_of({}, 1024, before).keepalive
    assert policy_of({}, 1024, now).keepalive
    (made,) = listeners(Path("/x"), [local], policy_of({}, 1024, before))["resources"]
    assert "tcp_keepalive" not in made


@pytest.mark.parametrize(
    ("version", "warming", "serves"), [("a", 0, True), ("a", 1, False), ("b", 0, False), ("", 0, False)]
)
def test_it_serves_what_it_has_taken_in_and_warmed(version: str, warming: int, serves: bool) -> None:
    answer = (
        f'listener_manager.lds.version_text: "{version}"\nlistener_manager.total_listeners_warming: {warming}\n'
    ).encode()
    assert serves_listeners(answer, "a") is serves
    assert not serves_listeners(None, "a")
