"""What the proxy believes of a request, by where it comes from, and how long it waits for a client."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.units import Duration

UPLOAD_SECONDS = 3600.0
"""How long a request's whole body may take unless the spec says otherwise."""
_MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses as IPv6 writes them; a connection over IPv4 never shows one."""


def _network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            "must be a network or one address, as 10.0.0.0/8, 203.0.113.7, 2001:db8::/32 or 2001:db8::7"
        ) from None
    if "%" in text:
        raise ValueError("must not name an interface: leave out `%` and what follows it")
    if network.prefixlen == 0:
        raise ValueError(
            "is every address, and any client could then write what it likes. Name the networks of your own load "
            "balancer or content network"
        )
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        plain = IPv4Network((int(network.network_address) & 0xFFFFFFFF, max(network.prefixlen - 96, 0)))
        raise ValueError(f"is IPv4 written as IPv6: write {plain}")
    if not _is_exact(text, network):
        address = text.partition("/")[0]
        raise ValueError(f"has digits beyond its prefix: write {network}, or {address} for this one address")
    return str(network)


def _is_exact(text: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_network(text) == network
    except ValueError:
        return False


Network = Annotated[str, AfterValidator(_network)]
"""A network in its shortest form with its prefix: `203.0.113.7` is read as `203.0.113.7/32`."""


class Timeouts(Part):
    """How long the proxy waits for a client. It holds for every service: the clock starts before a route is known."""

    upload: Duration = Field(default=UPLOAD_SECONDS, ge=1, le=7 * 86_400)
    """How long a client may take to send a whole request. Answers, streams and WebSockets may take longer."""
