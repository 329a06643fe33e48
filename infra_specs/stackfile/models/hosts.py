"""The hosts of a fleet, as a person lists them: machines that need nothing but SSH."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from infra_specs.stackfile.models.model import Part

ADDRESS_PATTERN = r"^[A-Za-z0-9:]([A-Za-z0-9.:-]{0,252}[A-Za-z0-9:])?$"
USER_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.-]{0,31}$"
FINGERPRINT_PATTERN = r"^SHA256:[A-Za-z0-9+/]{43}$"
KEY_PATTERN = r"^~?/[^\x00-\x1f\x7f]{1,1000}$"
SSH_PORT = 22
MOST_HOSTS = 100


def _address(text: str) -> str:
    """The address in its one spelling, by which two hosts are compared."""
    if ":" in text:
        try:
            return str(IPv6Address(text))
        except AddressValueError:
            raise ValueError(
                "is no IPv6 address. A port has a key of its own: {address: 10.0.0.13, port: 2222}"
            ) from None
    if re.fullmatch(r"[0-9.]+", text):
        try:
            return str(IPv4Address(text))
        except AddressValueError:
            raise ValueError("is no IPv4 address, which is four numbers up to 255, as 10.0.0.11") from None
    return text.lower()


Address = Annotated[str, Field(pattern=ADDRESS_PATTERN), AfterValidator(_address)]


class JumpHost(Part):
    """A host that others are reached through."""

    address: Address
    """Its IP address or name."""
    user: Annotated[str, Field(pattern=USER_PATTERN)] = "root"
    """Who logs in. Anybody but root needs sudo without a password."""
    port: int = Field(default=SSH_PORT, ge=1, le=65535)
    """Where its sshd listens."""
    fingerprint: Annotated[str, Field(pattern=FINGERPRINT_PATTERN)] | None = None
    """The fingerprint of its key, as SHA256:...; unless given the key must be one that `tenfold hosts trust` stored."""

    @property
    def name(self) -> str:
        """What it is called in messages and in the file of known keys: `[address]:port` where the port is not 22."""
        return self.address if self.port == SSH_PORT else f"[{self.address}]:{self.port}"

    def __str__(self) -> str:
        return self.name


def _host(value: Any) -> Any:
    return {"address": value} if isinstance(value, str) else value


class Host(JumpHost):
    """One host of a fleet."""

    jump: Annotated[JumpHost, BeforeValidator(_host, str | JumpHost)] | None = None
    """A host that it is reached through: its address, or a mapping."""


@dataclass(frozen=True, slots=True)
class FleetHosts:
    """A fleet as the ledger has it: its name, its hosts, and the key that logs in to them."""

    name: str
    hosts: tuple[Host, ...]
    key: str | None = None
    leaving: tuple[Host, ...] = ()
    """Hosts that were taken out of the list and have not left yet. Nothing new runs on them."""


ListedHost = Annotated[Host, BeforeValidator(_host, str | Host)]
"""A host as it stands in a list: its address, or a mapping."""
