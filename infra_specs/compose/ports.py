"""Published ports of a Compose file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra_specs.errors import SpecError

LOOPBACK = ("127.", "::1", "localhost", "[::1]")
NO_HTTP_PORTS = {22, 25, 53, 465, 587, 1025, 1883, 3306, 5432, 5672, 6379, 9092, 11211, 27017}
"""Ports of well-known protocols that are no HTTP."""
_SHORT = re.compile(
    r"(?:(?P<ip>\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:]+\]):)?(?:(?P<published>\d*)(?:-\d+)?:)?"
    r"(?P<target>\d+)(?:-(?P<last>\d+))?(?P<udp>/udp)?(?:/tcp)?"
)


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A port of a container, and where the machine has it: 0 for any port."""

    target: int
    published: int
    is_public: bool
    """Beyond loopback."""
    is_udp: bool
    last: int = 0
    """The last port of a range of the container; 0 where there is one port."""


def published_ports(file: str, name: str, service: Mapping[str, Any]) -> tuple[PublishedPort, ...]:
    """The ports of a service, those of other protocols than HTTP last. Raises SpecError for one of no known form."""
    ports = list(_behind_traefik(service))
    for port in service.get("ports") or ():
        parsed = _long(port) if isinstance(port, dict) else _short(str(port))
        if parsed is None or not 0 < parsed.target < 65536 or parsed.published > 65535:
            raise SpecError(f"{file}: services.{name}.ports has {port!r}, which is no port. Write it like 8080:80.")
        ports.append(parsed)
    return tuple(sorted(ports, key=lambda port: port.target in NO_HTTP_PORTS))


def _behind_traefik(service: Mapping[str, Any]) -> Iterator[PublishedPort]:
    """The port that Traefik would lead to, of a service that publishes none itself."""
    labels = service.get("labels") or {}
    lines = [f"{key}={value}" for key, value in labels.items()] if isinstance(labels, dict) else map(str, labels)
    for line in lines:
        if not service.get("ports") and (match := re.fullmatch(r"traefik\..*\.loadbalancer\.server\.port=(\d+)", line)):
            yield PublishedPort(int(match[1]), 0, is_public=True, is_udp=False)


def _short(text: str) -> PublishedPort | None:
    match = _SHORT.fullmatch(text)
    if match is None:
        return None
    public = not (match["ip"] or "").startswith(LOOPBACK)
    last = int(match["last"] or 0)
    return PublishedPort(int(match["target"]), int(match["published"] or 0), public, bool(match["udp"]), last)


def _long(port: Mapping[str, Any]) -> PublishedPort | None:
    target, published = str(port.get("target", "")), str(port.get("published", "") or 0).split("-")[0]
    if not target.isdecimal() or not published.isdecimal():
        return None
    public = not str(port.get("host_ip", "")).startswith(LOOPBACK)
    return PublishedPort(int(target), int(published), public, port.get("protocol") == "udp")


def refuse_twins(file: str, ports: Mapping[str, tuple[PublishedPort, ...]]) -> None:
    """Raise SpecError for two services that publish one port of the machine: only one of them can have it."""
    owners: dict[tuple[int, bool], str] = {}
    for name, port in _published(ports):
        other = owners.setdefault((port.published, port.is_udp), name)
        if other != name:
            raise SpecError(
                f"{file}: services.{other} and services.{name} both publish port {port.published}, and one machine has "
                "it once. Give one of them another."
            )


def _published(ports: Mapping[str, tuple[PublishedPort, ...]]) -> Iterator[tuple[str, PublishedPort]]:
    for name, published in ports.items():
        yield from ((name, port) for port in published if port.published)
