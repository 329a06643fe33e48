"""Where copies are placed."""

import pytest

from infra_specs.fleet.placement import chosen_host

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
