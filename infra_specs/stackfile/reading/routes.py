"""Routes that no request would ever take, and what a route says for a service that has none."""

from collections.abc import Iterator, Mapping

from infra_specs.stackfile.models.route import segments
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.reading.names import Crossing


def route_faults(services: Mapping[str, Service]) -> Iterator[Crossing]:
    """Every fault of a route, given the other services.

    The most exact host wins, and there the longest path. So one route hides another only where both have the same host
    and the same path: a wider host or a shorter path always has requests of its own.
    """
    taken: dict[tuple[str, tuple[bytes, ...]], str] = {}
    for name, service in services.items():
        if service.port is None:
            yield from _without_port(name, service)
            continue
        route = service.route
        first = taken.setdefault((route.host, segments(route.path)), name)
        if first != name:
            yield ("services", name, "route"), _twin(service, first, services[first])


def _without_port(name: str, service: Service) -> Iterator[Crossing]:
    if service.route.sticky:
        yield (
            ("services", name, "route", "sticky"),
            "found true, but the service has no port, so no route leads to it. Give it a port, or remove `sticky`.",
        )


def _twin(service: Service, first: str, other: Service) -> str:
    path, taken = service.route.path, other.route.path
    same = "" if path == taken else f": to a route, {path} and {taken} are the same path"
    return (
        f"host {service.route.host} and path {path} lead to `{first}` already{same}. Give each service with a port a "
        "host or a path of its own, as in route: {path: /api}."
    )
