"""The front: from which stack on it has a port, until when, and what it is to lead where."""

import pytest

from infra_specs.sharing.claims import Claims, HostClaim
from infra_specs.sharing.front import (
    ClaimedHosts,
    front_name,
    front_target,
    ports_behind,
    ports_of_front,
    shared_after,
    sharing_notes,
)
from infra_specs.stackfile.models.target import Docker

pytestmark = pytest.mark.pure


def claim(stack: str, port: int = 443, machine: str = "local") -> HostClaim:
    return HostClaim(machine, port, f"{stack}.example.com", stack, "https" if port == 443 else "http")


SHOP, BLOG = claim("shop"), claim("blog")
BOTH = ClaimedHosts((BLOG, claim("shop", 80), SHOP), frozenset({("local", 443)}))


def test_a_port_is_shared_from_its_second_stack_on_until_its_last_is_gone() -> None:
    assert shared_after([SHOP], set()) == set()
    assert shared_after([SHOP, claim("shop", 80), BLOG], set()) == {("local", 443)}
    assert shared_after([SHOP], {("local", 443)}) == {("local", 443)}
    assert shared_after([], {("local", 443)}) == set()
    assert shared_after([SHOP, claim("blog", machine="memory")], set()) == set()


def test_a_stack_is_behind_at_the_ports_that_it_shares() -> None:
    own = Claims((claim("wiki"), claim("wiki", 80)))
    assert ports_behind(own, ClaimedHosts()) == ()
    assert ports_behind(own, ClaimedHosts((SHOP,))) == (443,)
    assert ports_behind(own, BOTH) == (80, 443)
    assert ports_behind(own, ClaimedHosts((), frozenset({("local", 443)}))) == (443,), "it was shared before"
    assert ports_behind(Claims(), BOTH) == ()


def test_the_front_is_told_who_has_which_host_by_port() -> None:
    (shared,) = ports_of_front("local", BOTH)
    assert (shared.port, shared.protocol, shared.hosts) == (
        443, "https", {"blog.example.com": "blog", "shop.example.com": "shop"},
    )  # fmt: skip
    assert ports_of_front("memory", BOTH) == ()


def test_no_stack_is_called_as_a_front_and_each_machine_has_its_own() -> None:
    names = {front_name(machine) for machine in ("local", "docker", "docker unix:///a.sock", "docker tcp://b:1")}
    assert len(names) == 4
    assert all("_" in name for name in names), "no stack's name has one"
    target = front_target("docker unix:///a.sock")
    assert isinstance(target, Docker)
    assert target.host == "unix:///a.sock"


def test_a_plan_says_what_the_second_stack_costs_the_first() -> None:
    own = Claims((claim("wiki"), claim("wiki", 80)))
    assert sharing_notes(own, ClaimedHosts()) == ()
    plain, secure = sharing_notes(own, BOTH)
    assert plain.startswith("port 80 is shop's until now: a front takes it over and leads to both by host name.")
    assert plain.endswith("for some seconds nobody answers there, this once")
    assert secure == "port 443 is the front's, which leads to this stack and blog and shop by host name"
