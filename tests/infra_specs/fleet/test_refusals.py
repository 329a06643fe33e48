"""What is in the way of a fleet, for all hosts at once, and what is only good to know."""

from collections.abc import Collection
from typing import Any

import pytest

from infra_specs.fleet.facts import HostFacts
from infra_specs.fleet.refusals import HostLooks, notes, refusals
from tests.infra_specs.fleet.hosts import GIGABYTE, engine, facts

pytestmark = pytest.mark.pure
A, B = "10.0.0.11", "10.0.0.12"


def looked(**hosts: dict[str, Any]) -> dict[str, HostFacts]:
    return {f"10.0.0.{host[1:]}": facts(**{"address": f"10.0.0.{host[1:]}", **told}) for host, told in hosts.items()}


def told(
    seen: dict[str, HostFacts],
    errors: dict[str, str] | None = None,
    members: Collection[str] = (),
    recorded: Collection[str] = (A,),
) -> tuple[str, ...]:
    return refusals("shop", looks(seen, errors), members, recorded)


def looks(seen: dict[str, HostFacts], errors: dict[str, str] | None = None) -> HostLooks:
    return HostLooks(seen, dict.fromkeys(seen, 0.0), errors or {})


@pytest.mark.parametrize(
    ("more", "members", "recorded", "public", "taken"),
    [
        ({"ports": [22, 80, 443]}, (), (), (80, 443), "ports 80 and 443"),
        ({"ports": [22, 80]}, (A,), (), (80,), ""),  # a proxy of ours, as on the next
        ({"ports": [22, 80]}, (), (A,), (80,), ""),  # its managers do not answer
        ({"ports": [22, 80]}, (), (), (8080,), ""),
        ({"port": 2222}, (A,), (), (2222,), "port 2222"),
        ({}, (A,), (), (2377,), "port 2377"),
    ],
)
def test_ports_of_the_public_that_something_else_has(
    more: dict[str, Any], members: Collection[str], recorded: Collection[str], public: Collection[int], taken: str
) -> None:
    seen = looked(h11=more)
    refused = refusals("shop", looks(seen), members, recorded, public)
    assert refused == (() if not taken else (
        f"{A}: something else has {taken}, where the public is to be served. Stop it there, or name another "
        "`public_port` in the target.",
    ))  # fmt: skip


MARK = '{"fleet": "wiki"}'
CASES: list[tuple[dict[str, dict[str, Any]], list[str]]] = [
    ({"h11": {}, "h12": {}}, []),
    (
        {"h11": {"distribution": "fedora", "title": "Fedora 40"}, "h12": {"disk_free": 2 * GIGABYTE}},
        [
            f"{A}: runs Fedora 40, and Debian or Ubuntu is needed.",
            f"{B}: has 2 GB of disk left, and 4 GB are needed. Make room.",
        ],
    ),
    (
        {"h11": {"host_mark": MARK}},
        [
            f"{A}: is a host of the fleet wiki. Take it out of one of the lists. If that fleet is no more, remove "
            "/etc/tenfold/host.json there."
        ],
    ),
    (
        {"h11": {}, "h12": {"address": A}},
        [f"{B}: is the same host as {A} (both are {A}). Remove one of the two."],
    ),
    (
        {"h11": engine(cluster="one"), "h12": engine(cluster="two")},
        [
            f"{B}: is in another Swarm than {A}. Let it leave that one (docker swarm leave --force), which ends what "
            "runs there, or take it out of the list."
        ],
    ),
    ({"h11": {"host_mark": "{broken"}}, []),
]


@pytest.mark.parametrize(("hosts", "expected"), CASES)
def test_what_is_in_the_way(hosts: dict[str, dict[str, Any]], expected: list[str]) -> None:
    assert list(told(looked(**hosts))) == expected


def test_a_host_without_an_answer_is_in_the_way_unless_it_is_a_member() -> None:
    silent = {B: f"{B}: no answer within 10 s."}
    seen = looked(h11={})
    assert told(seen, silent) == (silent[B],)
    assert told(seen, silent, members={B}) == ()
    assert told(seen, silent, recorded={A, B}) == ()
    assert notes(looks(seen, silent), {B}) == (f"{B}: no answer within 10 s. It is left as it is.",)


def test_a_member_that_has_become_scarce_holds_up_nobody() -> None:
    seen = looked(h11={"disk_free": GIGABYTE})
    text = f"{A}: has 1 GB of disk left, and 4 GB are needed. Make room."
    assert told(seen) == (text,)
    assert told(seen, members={A}) == ()
    assert notes(looks(seen), {A}) == (text,)


def test_the_fleet_of_another_installation_is_not_ours() -> None:
    seen = looked(h11={"host_mark": '{"fleet": "shop"}'})
    assert told(seen) == ()
    (text,) = told(seen, recorded=())
    assert text.startswith(f"{A}: is a host of a fleet shop which this installation did not make.")


def test_another_processor_and_another_firewall_are_good_to_know() -> None:
    seen = looked(h11={}, h12={"processor": "aarch64", "firewall": "ufw"})
    assert [text.partition(" ")[2].partition(" ")[0] for text in notes(looks(seen), ())] == [
        "ufw", "has"
    ]  # fmt: skip
    assert told(seen) == ()
