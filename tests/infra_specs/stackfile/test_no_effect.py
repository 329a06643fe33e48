"""Keys that do nothing are told with where they are and what to do."""

from typing import Any

import pytest

from infra_specs.stackfile.messages.no_effect import settings_without_effect
from infra_specs.stackfile.reading.load import from_data

pytestmark = pytest.mark.pure

DOCKER = "Use a target that runs containers, such as docker, or leave it out."
WEB: dict[str, Any] = {"command": "run", "image": "shop:1", "port": 80}
WORKER: dict[str, Any] = {"command": "run", "image": "shop:1"}
QUERIES = {"prometheus": "http://p:9090", "cpu": "avg(cpu)", "in_flight": "sum(running)"}


def unmeasured(signal: str) -> str:
    return (
        f"services.it.scaling.{signal} does nothing, for nothing measures it. "
        f"Give services.it.scaling.metrics.{signal} a query, or leave it out."
    )


def portless(key: str) -> str:
    return (
        f"services.it.{key} does nothing without a port: a worker gets no request. Give it a port, or leave {key} out."
    )


@pytest.mark.parametrize(
    ("target", "service", "said"),
    [
        ("local", WEB, []),
        ("local", {**WEB, "memory": "64MB"}, [
            f"services.it.memory bounds no process on the local target; only the scaler reckons with it. {DOCKER}"]),
        ("local", {**WEB, "cpus": 2.0}, [
            f"services.it.cpus does nothing on the local target, which bounds no process. {DOCKER}"]),
        ("local", {**WEB, "secrets": "files"}, [
            "services.it.secrets: files does nothing on the local target, which gives secrets as variables. "
            f"{DOCKER}"]),
        ("local", {**WEB, "build": "."}, [
            "services.it.build does nothing on the local target, which runs the command in a copy of its folder. "
            f"{DOCKER}"
        ]),
        ("docker", {**WEB, "memory": "64MB", "cpus": 2.0, "secrets": "files"}, []),
        ("memory", {**WEB, "memory": "64MB", "cpus": 2.0, "secrets": "files"}, []),
        ("local", {**WEB, "capacity": 3.0, "share": 0.5, "route": {"path": "/a"}}, []),
        ("local", {**WORKER, "capacity": 3.0, "share": 0.5, "route": {"path": "/a"}},
         [portless("capacity"), portless("share"), portless("route")]),
        ("local", {**WORKER, "capacity": 3.0, "scaling": {"metrics": QUERIES}}, []),
        ("local", {**WEB, "scaling": {"latency": "300ms", "requests_per_second": 5.0}}, []),
        ("local", {**WEB, "scaling": {"cpu": 0.5, "queue": 9.0}}, [unmeasured("cpu"), unmeasured("queue")]),
        ("docker", {**WORKER, "scaling": {"cpu": 0.5, "latency": "300ms", "requests_per_second": 5.0}},
         [unmeasured("cpu"), unmeasured("latency"), unmeasured("requests_per_second")]),
        ("docker", {**WORKER, "scaling": {"cpu": 0.5, "queue": 9.0, "metrics": QUERIES}}, [unmeasured("queue")]),
    ],
)  # fmt: skip
def test_what_does_nothing_is_said(target: str, service: dict[str, Any], said: list[str]) -> None:
    stack = from_data({"name": "shop", "target": {"provider": target}, "services": {"it": service}})
    assert list(settings_without_effect(stack)) == said


def test_each_service_is_told_in_the_order_of_the_file() -> None:
    services = {name: {**WORKER, "cpus": 1.0} for name in ("b", "a")}
    stack = from_data({"name": "shop", "target": {"provider": "local"}, "services": services})
    assert [sentence.split()[0] for sentence in settings_without_effect(stack)] == [
        "services.b.cpus",
        "services.a.cpus",
    ]


def test_what_is_said_to_a_proxy_that_is_not_there() -> None:
    proxied = {"trust_proxies": ["10.0.0.0/8"], "timeouts": {"upload": "2h"}}
    data = {"name": "shop", "target": {"provider": "memory"}, **proxied}
    assert settings_without_effect(from_data({**data, "services": {"it": WEB}}, "test")) == ()
    end = "does nothing where no service has a port: there is no proxy. Give one a port, or remove it."
    assert settings_without_effect(from_data({**data, "services": {"it": WORKER}}, "test")) == (
        f"trust_proxies {end}",
        f"timeouts {end}",
    )
