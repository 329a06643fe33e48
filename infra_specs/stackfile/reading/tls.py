"""What HTTPS asks of the rest of a spec: a public service, hosts that an authority signs for, ports of its own."""

import re
from collections.abc import Iterator, Mapping

from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.target import Target
from infra_specs.stackfile.models.tls import HTTPS_PORT, Tls
from infra_specs.stackfile.reading.names import Crossing

_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+)*")
"""A name whose last part is a number is none: browsers and resolvers take it for an address."""


def tls_faults(tls: Tls | None, services: Mapping[str, Service], target: Target | None) -> Iterator[Crossing]:
    """Every fault between `tls` and the services and ports of a stack."""
    if tls is None:
        return
    yield from _ports(tls, target)
    if services and not any(service.public for service in services.values()):
        yield from _nobody_public(tls)
    if tls.email is not None:
        for name, service in services.items():
            if service.public and service.port is not None and (fault := _host_fault(service.route.host)):
                yield ("services", name, "route", "host"), f"found `{service.route.host}`, {fault}"


def _nobody_public(tls: Tls) -> Iterator[Crossing]:
    if tls.email is not None:
        yield (
            ("tls", "email"),
            f"found `{tls.email}`, but no service is public, so there is no host to fetch a certificate for. Make one "
            "public, or remove `tls`.",
        )
    elif tls.redirect is not None:
        yield (
            ("tls", "redirect"),
            f"found {tls.redirect}, but no service is public, so nothing leads there. Remove it, or make one public.",
        )


def _ports(tls: Tls, target: Target | None) -> Iterator[Crossing]:
    """The ports of HTTPS and of plain HTTP are those of `email` unless the file gives others."""
    given = dict(target.ports) if target else {}
    if tls.email is not None and "public_port" not in given:
        if given.get("port") == HTTPS_PORT:
            yield (
                ("target", "port"),
                (f"found {HTTPS_PORT}, which is where `tls: email` serves HTTPS. Give another, or a `public_port`."),
            )
        given["public_port"] = HTTPS_PORT
    for name, taken in given.items():
        if taken == tls.http_port and (tls.redirect is not None or name == "public_port"):
            yield (
                ("tls", "redirect"),
                (
                    f"found {taken}, which is the target's {name} too. Give each listener its own."
                    if tls.redirect is not None
                    else f"{taken} unless given, which is the target's {name} too. Give each listener its own."
                ),
            )


def _host_fault(host: str) -> str:
    """Why no authority signs for this host, from the word after it; empty for one that it may."""
    if host == "*":
        return (
            "which is no name, and an authority signs for names. Write the host that people ask for, as in route: "
            "{host: shop.example.com}."
        )
    if host.startswith("*."):
        return (
            "and for all names below a domain an authority asks for a proof by DNS, which Tenfold cannot give. Write "
            "each host, or use a `certificate` of yours."
        )
    if _ADDRESS.fullmatch(host):
        return (
            "an address in place of a name, and an authority signs for names. Write the host that people ask for, as "
            "in route: {host: shop.example.com}."
        )
    if "." not in host:
        return (
            "which has no dot, so it is no name that others can ask for. Write it whole, as in route: {host: "
            "shop.example.com}."
        )
    return ""
