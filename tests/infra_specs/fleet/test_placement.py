"""Where copies are placed, and which one moves."""

import pytest

from infra_specs.fleet.placement import chosen_host, crowded

pytestmark = pytest.mark.pure

HOSTS = ("a", "b", "c")


def placed(**services: str) -> dict[tuple[str, str], str]:
    """`web="aab"`: the hosts of the copies of a service."""
    return {(group, f"{group}-{slot}"): host for group, hosts in services.items() for slot, host in enumerate(hosts)}


@pytest.mark.parametrize(
    ("there", "host"),
    [
        ({}, "a"),
        ({"web": "a"}, "b"),
        ({"web": "ab"}, "c"),
        ({"web": "abc"}, "a"),
        ({"web": "aab"}, "c"),
        ({"jobs": "aab"}, "c"),
        ({"web": "a", "jobs": "bb"}, "c"),
        ({"web": "abc", "jobs": "a"}, "b"),
        ({"web": "ddd"}, "a"),
    ],
)
def test_a_new_copy_goes_where_the_fewest_are(there: dict[str, str], host: str) -> None:
    assert chosen_host(HOSTS, "web", placed(**there)) == host


def test_many_copies_are_spread_evenly() -> None:
    there: dict[tuple[str, str], str] = {}
    for slot in range(9):
        there["web", f"web-{slot}"] = chosen_host(HOSTS, "web", there)
    assert sorted(there.values()) == [*"aaabbbccc"]


@pytest.mark.parametrize(
    ("there", "move"),
    [
        ({}, None),
        ({"web": "abc"}, None),
        ({"web": "aab"}, ("web-1", "c")),
        ({"web": "aabc"}, None),
        ({"web": "aa"}, ("web-1", "b")),
        ({"jobs": "aaa", "web": "ab"}, None),
        ({"web": "dd"}, None),
        ({"web": "bbbb"}, ("web-3", "a")),
    ],
)
def test_a_copy_moves_only_where_that_spreads_them(there: dict[str, str], move: tuple[str, str] | None) -> None:
    assert crowded(HOSTS, "web", placed(**there)) == move


def test_moves_come_to_an_end() -> None:
    there = placed(web="aaaaaaa")
    moves = 0
    while step := crowded(HOSTS, "web", there):
        there["web", step[0]] = step[1]
        moves += 1
        assert moves < 10
    assert sorted(there.values()) == [*"aaabbcc"]
