"""What the services are told, without starting one."""

from pathlib import Path
from typing import Any

import pytest

from tasks.providers.envoy.config_push import weights_of
from tasks.providers.envoy.files import RouteRule, bootstrap, clusters, endpoints
from tasks.providers.envoy.routes import routes
from tasks.providers.local import postgres_start
from tasks.providers.local.kinds.database import _SCRIPT
from tasks.providers.local.kinds.database import conf as postgres_conf
from tasks.providers.local.kinds.proxy import _listeners
from tasks.providers.local.postgres_start import name, text
from tasks.providers.local.stack_folder import slug
from tasks.providers.valkey import conf as valkey_conf

pytestmark = pytest.mark.pure

folder = Path("/x/proxy")


def rule(service: str, host: str = "*", path: str = "/", **more: Any) -> RouteRule:
    return RouteRule(service, host, path, more.pop("public", False), "/healthz", ("127.0.0.1:1",), **more)


def table(*rules: RouteRule) -> dict[str, list[str]]:
    """Host -> the services that are tried for it, in order, each once."""
    (config,) = routes("local", rules)["resources"]
    return {
        host["name"]: list(
            dict.fromkeys(entry["route"]["cluster"].removeprefix("service-") for entry in host["routes"][1:])
        )
        for host in config["virtual_hosts"]
    }


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], {}),
        ([rule("a"), rule("b", path="/b")], {"*": ["b", "a"]}),
        ([rule("b", path="/b/"), rule("bc", path="/b/c")], {"*": ["bc", "b"]}),
        ([rule("a"), rule("b", "b.com")], {"*": ["a"], "b.com": ["b", "a"]}),
        (
            [rule("a"), rule("w", "*.com"), rule("x", "x.com", "/x"), rule("y", "*.x.com")],
            {"*": ["a"], "*.com": ["w", "a"], "x.com": ["x", "w", "a"], "*.x.com": ["y", "w", "a"]},
        ),
        ([rule("w", "*.x.com"), rule("x", "x.com")], {"*.x.com": ["w"], "x.com": ["x"]}),
    ],
)
def test_who_gets_a_request(rules: list[RouteRule], expected: dict[str, list[str]]) -> None:
    assert table(*rules) == expected
    assert table(*reversed(rules)) == expected


def test_what_may_not_be_done_twice_is_not_tried_twice() -> None:
    (config,) = routes("local", [rule("a")])["resources"]
    _, reading, writing = config["virtual_hosts"][0]["routes"]
    assert reading["match"]["headers"][0]["string_match"]["safe_regex"]["regex"] == "GET|HEAD|OPTIONS"
    assert reading["route"]["retry_policy"]["retry_on"] == "connect-failure,refused-stream,reset"
    assert writing["route"]["retry_policy"]["retry_on"] == "connect-failure,refused-stream,reset-before-request"


@pytest.mark.parametrize(
    ("count", "weights", "expected"),
    [
        (3, {}, [None, None, None]),
        (2, {"h:1": 10}, [90, 10]),
        (4, {"h:3": 10}, [90, 90, 90, 30]),
        (4, {"h:2": 10, "h:3": 5}, [85, 85, 20, 10]),
        (2, {"h:0": 30, "h:1": 70}, [30, 70]),
        (2, {"h:9": 30}, [None, None]),
    ],
)
def test_a_weight_is_a_percentage_of_all_and_the_rest_is_shared_evenly(
    count: int, weights: dict[str, int], expected: list[int | None]
) -> None:
    ends = tuple(f"h:{number}" for number in range(count))
    (assignment,) = endpoints(RouteRule("a", "*", "/", False, "/", ends, ("h:99",), weights))["resources"]
    found = [each.get("load_balancing_weight") for each in assignment["endpoints"][0]["lb_endpoints"]]
    assert found == [*expected, None]


def test_a_weight_may_name_a_replica() -> None:
    record = {
        "settings": {"weights": {"replica/web-canary": 10, "h:1": 20}},
        "labels": {"bindings": {"replica/web-canary.endpoint": "h:7"}},
    }
    assert weights_of(record) == {"h:7": 10, "h:1": 20}
    assert weights_of({"settings": {}, "labels": {"bindings": {}}}) == {}


def test_an_endpoint_is_draining_only_while_it_is_not_wanted() -> None:
    drained = rule("a", draining=("127.0.0.1:1", "127.0.0.1:2"))
    (assignment,) = endpoints(drained)["resources"]
    assert [each["health_status"] for each in assignment["endpoints"][0]["lb_endpoints"]] == ["HEALTHY", "DRAINING"]


def test_the_files_of_a_service_are_behind_a_cluster_of_their_own_that_is_not_counted_as_its() -> None:
    static = rule("web", path="/media", files=True)
    assert (static.cluster, static.endpoints_file) == ("files-web", "endpoints-web.files.json")
    (config,) = routes("local", [rule("web"), static])["resources"]
    actions = [entry["route"] for entry in config["virtual_hosts"][0]["routes"][1:]]
    assert [(action["cluster"], "regex_rewrite" in action) for action in actions] == [
        ("files-web", True), ("files-web", True), ("service-web", False), ("service-web", False),
    ]  # fmt: skip


def test_defaults_that_lose_requests_are_overridden() -> None:
    (cluster,) = clusters(folder, [rule("a")])["resources"]
    assert cluster["common_lb_config"]["healthy_panic_threshold"] == {"value": 1}
    assert cluster["ignore_health_on_host_removal"] is True
    assert cluster["health_checks"][0]["no_traffic_interval"] == "2s"
    assert cluster["lb_subset_config"]["default_subset"] == {"serving": "yes"}
    assert cluster["circuit_breakers"]["thresholds"][0]["max_retries"] > 3


def test_it_listens_beyond_loopback_only_when_asked() -> None:
    def addresses(public: int | None) -> list[str]:
        wanted = _listeners({}, 1, public, None, lambda _: "")
        return [each.address for each in wanted]

    assert addresses(None) == ["127.0.0.1"]
    assert addresses(2) == ["127.0.0.1", "0.0.0.0"]
    pipe = {"pipe": {"path": "admin.sock"}}
    assert bootstrap("shop", folder, pipe)["admin"] == {"address": pipe}


def test_tuning_cannot_open_the_database() -> None:
    lines = postgres_conf(5, 20, {"listen_addresses": "*", "work_mem": "4MB", "x": "it's\n\\"}).splitlines()
    settings = dict(line.split(" = ", 1) for line in lines)
    assert settings["listen_addresses"] == "'127.0.0.1'"
    assert settings["unix_socket_directories"] == "''"
    assert settings["work_mem"] == "'4MB'"
    assert settings["x"] == "'it''s \\\\'"


def test_no_password_breaks_out_of_its_quotes() -> None:
    assert 'requirepass "a\\x22\\x0aport\\x201"' in valkey_conf(1, 'a"\nport 1', 2)
    assert (name('a"b'), text("it's")) == ('"a""b"', "'it''s'")


def test_no_two_names_share_a_file() -> None:
    assert slug("replica/web-0", 2) == "replica-web-0.2"
    assert slug("volume/database", 1) == "volume-database.1"


def test_supervisors_of_before_find_the_script_of_their_databases() -> None:
    """Their state names it: moved, no database of an installation that was made before would start again."""
    script = Path(postgres_start.__file__)
    assert script.parts[-4:] == ("tasks", "providers", "local", "postgres_start.py")
    assert Path(_SCRIPT) == script
