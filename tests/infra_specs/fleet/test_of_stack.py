"""Which fleet a stack runs on, and what cannot be."""

from typing import Any

import pytest

from infra_specs.errors import PlanError
from infra_specs.fleet.of_stack import fleet_name, on_fleet, public_ports, require_own_ports, wanted_fleet
from infra_specs.stackfile.models.hosts import FleetHosts, Host
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Swarm
from infra_specs.stackfile.reading.load import stored

pytestmark = pytest.mark.pure

A, B, C = (Host(address=f"10.0.0.{number}") for number in (11, 12, 13))
SHOP = FleetHosts("shop", (A, B), "~/.ssh/shop")
FLEETS = {"shop": SHOP}


def stack(name: str, tls: Any = None, public: bool = True, **target: Any) -> Stack:
    web = {"image": "registry.example.com/shop:1", "port": 8000, "public": public}
    spec = {"name": name, "target": {"provider": "swarm", **target}, "services": {"web": web}}
    return stored(spec | ({"tls": tls} if tls else {}))


def test_a_list_makes_the_fleet_of_the_stacks_name() -> None:
    listed = stack("shop", hosts=["10.0.0.11", "10.0.0.12"], key="~/.ssh/shop")
    assert fleet_name(listed) == "shop"
    assert wanted_fleet(listed, {}, None) == SHOP
    assert wanted_fleet(listed, FLEETS, listed) == SHOP


def test_who_is_no_longer_listed_leaves_and_who_comes_back_does_not() -> None:
    one = stack("shop", hosts=["10.0.0.11"])
    assert wanted_fleet(one, FLEETS, None) == FleetHosts("shop", (A,), None, (B,))
    known = {"shop": FleetHosts("shop", (A,), None, (B, C))}
    back = stack("shop", hosts=["10.0.0.11", "10.0.0.12"])
    assert wanted_fleet(back, known, None) == FleetHosts("shop", (A, B), None, (C,))


def test_a_stack_beside_another_has_its_fleet() -> None:
    beside = stack("blog", fleet="shop")
    assert wanted_fleet(beside, FLEETS, None) == SHOP
    placed = on_fleet(beside, FLEETS)
    assert isinstance(placed.target, Swarm)
    assert placed.target.placed == SHOP
    assert on_fleet(beside, {}) == beside


@pytest.mark.parametrize(
    ("wanted", "recorded", "message"),
    [
        (
            stack("blog", fleet="shop2"), None,
            "There is no fleet shop2. Known: shop. First provision the stack shop2, whose file lists the hosts.",
        ),
        (
            stack("blog", hosts=["10.0.0.12", "10.0.0.11", "10.0.0.99"]), None,
            "10.0.0.12 is a host of the fleet shop.\n10.0.0.11 is a host of the fleet shop.\nTake it out of one of the "
            "lists. To run beside shop on its hosts, write `fleet: shop` in place of `hosts`.",
        ),
        (
            stack("blog", fleet="shop"), stack("blog", hosts=["10.0.0.99"]),
            "blog is on the hosts of blog, and the spec says those of shop. No data moves by itself. Give the stack on "
            "shop another name; or write blog again to go on with this one.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(wanted: Stack, recorded: Stack | None, message: str) -> None:
    with pytest.raises(PlanError) as refusal:
        wanted_fleet(wanted, FLEETS, recorded)
    assert str(refusal.value) == message


def test_a_fleet_whose_teardown_was_cut_off_takes_no_stack() -> None:
    ended = {"shop": FleetHosts("shop", (), None, (A, B))}
    with pytest.raises(PlanError, match="The fleet shop has no hosts any more, for its teardown was cut off"):
        wanted_fleet(stack("blog", fleet="shop"), ended, None)
    assert wanted_fleet(stack("shop", hosts=["10.0.0.11"]), ended, None).leaving == (B,)


@pytest.mark.parametrize(
    ("options", "ports"),
    [
        ({}, (80,)),
        ({"public": False}, ()),
        ({"public_port": 8080}, (8080,)),
        ({"tls": {"certificate": "a.pem", "key": {"secret": "key"}}}, (443,)),
        ({"tls": {"email": "a@example.com"}}, (80, 443)),
    ],
)
def test_the_ports_of_a_public_stack(options: dict[str, Any], ports: tuple[int, ...]) -> None:
    assert public_ports(stack("shop", hosts=["10.0.0.11"], **options)) == ports


def test_two_public_stacks_on_one_fleet_have_ports_of_their_own() -> None:
    shop, blog = stack("shop", hosts=["10.0.0.11"]), stack("blog", fleet="shop")
    with pytest.raises(PlanError) as refusal:
        require_own_ports(blog, [shop])
    assert str(refusal.value) == (
        "shop serves the public on port 80 of the hosts of shop. Name another port for blog: `public_port` in the "
        "target, and with `tls` its `http_port`, too."
    )
    require_own_ports(stack("blog", fleet="shop", public_port=8080), [shop])
    require_own_ports(stack("blog", fleet="shop", public=False), [shop])
