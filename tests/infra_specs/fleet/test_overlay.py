"""The network between hosts: its range, its packets' size, its encryption."""

import ipaddress

import pytest

from infra_specs.fleet.overlay import overlay

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("addresses", "encrypted"),
    [
        (["10.0.0.11", "192.168.1.2"], False),
        (["10.0.0.11", "93.184.216.34"], True),
        (["fd00::1"], False),
        (["2606:4700::1111"], True),
        (["host.example"], False),
    ],
)
def test_it_is_encrypted_where_a_host_is_public(addresses: list[str], encrypted: bool) -> None:
    assert overlay("shop", addresses, [1500], ()).encrypted is encrypted


@pytest.mark.parametrize(("mtus", "mtu"), [([1500, 1450, 9000], 1400), ([], 1450)])
def test_its_packets_fit_into_those_of_every_host(mtus: list[int], mtu: int) -> None:
    assert overlay("shop", (), mtus, ()).mtu == mtu


def test_no_range_is_near_a_host_or_taken() -> None:
    near = overlay("shop", (), (), ()).subnet
    host = str(next(ipaddress.ip_network(near).hosts()))
    other = overlay("shop", [host], (), ()).subnet
    assert not ipaddress.ip_network(f"{host}/16", strict=False).overlaps(ipaddress.ip_network(other))
    taken = [near]
    for _ in range(50):
        subnet = overlay("shop", (), (), taken).subnet
        assert not any(ipaddress.ip_network(subnet).overlaps(ipaddress.ip_network(text)) for text in taken)
        taken.append(subnet)


def test_stacks_begin_at_different_ranges() -> None:
    assert len({overlay(f"shop-{number}", (), (), ()).subnet for number in range(20)}) > 15


def test_no_range_is_free() -> None:
    with pytest.raises(ValueError, match="no range"):
        overlay("shop", (), (), ["10.0.0.0/8"])
