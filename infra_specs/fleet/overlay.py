"""The network of a stack between hosts: its range, its packets' size, and whether it is encrypted."""

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

OVERHEAD = 50
"""Bytes that a packet of the overlay takes besides what is in it."""
USUAL_MTU = 1500
_POOL = ipaddress.IPv4Network("10.192.0.0/10")
_PREFIX = 22
"""So many addresses have a stack: about a thousand."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is asked for of an overlay network."""

    subnet: str
    mtu: int
    encrypted: bool


def overlay(stack: str, addresses: Iterable[str], mtus: Iterable[int], taken: Iterable[str]) -> Overlay:
    """The network of a stack on hosts with these addresses and packet sizes, beside the ranges that are taken.

    It is encrypted where a host's address is public. Raises ValueError where no range is free.
    """
    known = [parsed for address in addresses if (parsed := _address(address)) is not None]
    return Overlay(
        _free_range(stack, known, [ipaddress.ip_network(text, strict=False) for text in taken]),
        min(mtus, default=USUAL_MTU) - OVERHEAD,
        any(address.is_global for address in known),
    )


def _free_range(
    stack: str,
    addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address],
    taken: list[ipaddress.IPv4Network | ipaddress.IPv6Network],
) -> str:
    """Stacks begin to look at different ranges, so that two that are made at once do not take the same."""
    near = [ipaddress.IPv4Network((int(address), 16), strict=False) for address in addresses if address.version == 4]
    ranges = list(_POOL.subnets(new_prefix=_PREFIX))
    first = int.from_bytes(hashlib.sha256(stack.encode()).digest()[:4]) % len(ranges)
    for candidate in ranges[first:] + ranges[:first]:
        if not any(candidate.version == other.version and candidate.overlaps(other) for other in (*near, *taken)):
            return str(candidate)
    raise ValueError("no range of addresses is free for another network")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
