"""The keys of a stack on AWS: its region, the network of its VPC, and how much is paid for safety."""

from difflib import get_close_matches
from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator

RecipeName: TypeAlias = Literal["cheap", "balanced", "resilient"]
RECIPE_NAMES: tuple[RecipeName, ...] = ("cheap", "balanced", "resilient")
"""From the one that costs least to the one that costs most."""
DEFAULT_CIDR = "10.0.0.0/16"
LARGEST_PREFIX, SMALLEST_PREFIX = 16, 24
"""A VPC has at most a /16. Two zones have three networks each, and a balancer asks for a /27 in its own."""
REGIONS = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
    "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1",
    "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
"""The regions of AWS outside of China and of the government's, November 2026."""
_PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))


def _region(name: str) -> str:
    if name not in REGIONS:
        near = get_close_matches(name[:100].lower(), REGIONS, 1, 0.6)
        raise ValueError(f"AWS has no region of this name; write one as {near[0] if near else 'eu-central-1'}")
    return name


def _cidr(text: str) -> str:
    try:
        network = IPv4Network(text)
    except (AddressValueError, NetmaskValueError):
        raise ValueError("is no network; write one as 10.0.0.0/16") from None
    except ValueError:
        raise ValueError(f"has digits beyond its prefix: write {IPv4Network(text, strict=False)}") from None
    if network.prefixlen > SMALLEST_PREFIX:
        raise ValueError(
            "is too small for two zones with three networks each: write one of "
            f"/{LARGEST_PREFIX} to /{SMALLEST_PREFIX}, as {DEFAULT_CIDR}"
        )
    if network.prefixlen < LARGEST_PREFIX:
        raise ValueError(f"is larger than a VPC may be: write one of /{LARGEST_PREFIX} to /{SMALLEST_PREFIX}")
    if not any(network.subnet_of(private) for private in _PRIVATE):
        raise ValueError("is no private network: write one within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
    return str(network)


Region = Annotated[str, AfterValidator(_region)]
Cidr = Annotated[str, AfterValidator(_cidr)]
"""A private IPv4 network."""
