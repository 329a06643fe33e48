"""Which hosts a stack claims at which ports, and which claims of two stacks cannot both stand."""

from dataclasses import replace
from typing import Any

import pytest

from infra_specs.errors import PlanError
from infra_specs.sharing.claims import Claims, claims_of, refuse_conflicts, without_conflicts
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure
EMAIL = {"email": "ops@example.com"}
FILES = {"certificate": "c.pem", "key": "k.pem"}


def stack_with(name: str, *hosts: str, target: dict[str, Any] | None = None, **written: Any) -> Any:
    services = {
        f"web{number}": {"command": "run", "port": 80, "public": True, "route": {"host": host}}
        for number, host in enumerate(hosts)
    }
    return a_stack(name=name, target=target or {"provider": "local"}, services=services, **written)


def claims(name: str, *hosts: str, **written: Any) -> Claims:
    return claims_of(stack_with(name, *hosts, **written))


def pairs(known: Claims) -> list[tuple[int, str, str]]:
    return [(claim.port, claim.host, claim.protocol) for claim in known.hosts]


def test_fetched_certificates_claim_each_host_at_443_and_80() -> None:
    known = claims("shop", "a.example.com", "b.example.com", tls=EMAIL)
    assert pairs(known) == [
        (80, "a.example.com", "http"), (80, "b.example.com", "http"),
        (443, "a.example.com", "https"), (443, "b.example.com", "https"),
    ]  # fmt: skip
    assert {claim.machine for claim in known.hosts} == {"local"}


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ({}, []),
        ({"target": {"provider": "local", "public_port": 80}}, [(80, "a.example.com", "http")]),
        ({"target": {"provider": "local", "public_port": 443}, "tls": FILES}, [(443, "a.example.com", "https")]),
        ({"target": {"provider": "local", "public_port": 8443}, "tls": {**FILES, "redirect": 8080}},
         [(8080, "a.example.com", "http"), (8443, "a.example.com", "https")]),
    ],
)  # fmt: skip
def test_the_ports_that_the_file_names_are_claimed(written: dict[str, Any], wanted: list[Any]) -> None:
    assert pairs(claims("shop", "a.example.com", **written)) == wanted


def test_what_is_not_public_claims_nothing() -> None:
    private = {"web": {"command": "run", "port": 80, "route": {"host": "a.example.com"}}}
    assert claims_of(a_stack(target={"provider": "local", "public_port": 80}, services=private)).hosts == ()


def test_hosts_of_what_runs_are_claimed_beside_those_of_the_file() -> None:
    target = {"provider": "local", "public_port": 80}
    file, running = (stack_with("shop", host, target=target) for host in ("new.example.com", "old.example.com"))
    assert pairs(claims_of(file, running)) == [(80, "new.example.com", "http"), (80, "old.example.com", "http")]


def refusal(own: Claims, other: Claims) -> str:
    with pytest.raises(PlanError) as caught:
        refuse_conflicts(own, other.hosts)
    return str(caught.value)


def at_80(name: str, host: str, **target: Any) -> Claims:
    return claims(name, host, target={"provider": "local", "public_port": 80, **target})


@pytest.mark.parametrize(
    ("host", "other", "sentence"),
    [
        ("a.example.com", "a.example.com", "a.example.com is shop's already. Give another host, or take shop down"),
        ("*", "a.example.com", "shop has it too, and two stacks share a port by host name. Write the host"),
        ("*", "*", "shop has it too, and two stacks share a port by host name. Write the host"),
        ("a.example.com", "*", "shop answers there for every host. Give shop its host first"),
        ("a.example.com", "*.example.com", "a.example.com and *.example.com, which shop has, are not apart"),
        ("*.example.com", "a.b.example.com", "*.example.com and a.b.example.com, which shop has, are not apart"),
        ("*.b.example.com", "*.example.com", "*.b.example.com and *.example.com, which shop has, are not apart"),
    ],
)
def test_hosts_that_are_not_apart_are_refused_with_the_other_stack(host: str, other: str, sentence: str) -> None:
    message = refusal(at_80("blog", host), at_80("shop", other))
    assert message.startswith("blog cannot have these ports of its machine:\n  port 80: ")
    assert sentence in message


@pytest.mark.parametrize(
    ("host", "other"),
    [
        ("a.example.com", "b.example.com"),
        ("example.com", "*.example.com"),
        ("*.a.example.com", "*.b.example.com"),
        ("notexample.com", "*.example.com"),
    ],
)
def test_hosts_that_are_apart_share_a_port(host: str, other: str) -> None:
    refuse_conflicts(at_80("blog", host), at_80("shop", other).hosts)


def test_another_port_or_machine_is_nobody_elses() -> None:
    other = claims("shop", "*", target={"provider": "local", "public_port": 8080})
    refuse_conflicts(at_80("blog", "*"), other.hosts)
    elsewhere = (replace(claim, machine="docker") for claim in at_80("shop", "*").hosts)
    refuse_conflicts(at_80("blog", "*"), elsewhere)
    refuse_conflicts(at_80("shop", "*"), at_80("shop", "*").hosts)


def test_one_port_speaks_one_protocol() -> None:
    other = claims("shop", "a.example.com", target={"provider": "local", "public_port": 80}, tls=FILES)
    assert "port 80: shop speaks HTTPS there and blog plain HTTP. Give another port." in refusal(
        at_80("blog", "b.example.com"), other
    )


def test_where_ports_are_not_shared_nothing_is_claimed() -> None:
    assert claims("blog", "blog.example.com", target={"provider": "swarm", "fleet": "shop"}, tls=FILES).hosts == ()


def test_every_fault_is_told_at_once_and_what_is_free_can_be_taken() -> None:
    own = claims("blog", "a.example.com", "b.example.com", tls=EMAIL)
    other = claims("shop", "a.example.com", tls=EMAIL)
    assert refusal(own, other).count("a.example.com is shop's already") == 2
    assert {claim.host for claim in without_conflicts(own, other.hosts).hosts} == {"b.example.com"}
