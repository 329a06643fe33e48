"""Routes that no request would ever take, and what a route says for a service that has none."""

from collections.abc import Iterator, Mapping

from infra_specs.stackfile.models.route import StaticFiles, segments
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.reading.names import Crossing

_Taken = dict[tuple[str, tuple[bytes, ...]], tuple[str, str, bool]]
"""Host and path -> who has them: the service, the path as it writes it, and whether files are there."""


def route_faults(services: Mapping[str, Service]) -> Iterator[Crossing]:
    """Every fault of a route, given the other services.

    The most exact host wins, and there the longest path. So one route hides another only where both have the same host
    and the same path: a wider host or a shorter path always has requests of its own.
    """
    taken: _Taken = {}
    for name, service in services.items():
        if service.port is None:
            yield from _without_port(name, service)
            continue
        route = service.route
        first, path, _ = taken.setdefault((route.host, segments(route.path)), (name, route.path, False))
        if first != name:
            yield ("services", name, "route"), _twin(service, first, path)
    for name, service in services.items():
        if static := service.static:
            yield from _static(name, service, static, taken)


def _without_port(name: str, service: Service) -> Iterator[Crossing]:
    for key, value in (("sticky", service.route.sticky), ("static", service.route.static)):
        if value:
            shown = "found true, but the" if value is True else "the"
            yield (
                ("services", name, "route", key),
                f"{shown} service has no port, so no route leads to it. Give it a port, or remove `{key}`.",
            )


def _twin(service: Service, first: str, taken: str) -> str:
    return (
        f"host {service.route.host} and path {service.route.path} lead to `{first}` already"
        f"{_same(service.route.path, taken)}. Give each service with a port a host or a path of its own, as in route: "
        "{path: /api}."
    )


def _static(name: str, service: Service, static: StaticFiles, taken: _Taken) -> Iterator[Crossing]:
    """The volume must be the service's own, and the path no other route's."""
    at = ("services", name, "route", "static")
    if static.volume not in service.volumes:
        known = ", ".join(service.volumes)
        has = f"its volumes are {known}" if known else "it has none"
        yield (
            (*at, "volume"),
            f"found `{static.volume}`, which is no volume of `{name}`: {has}. Files are served from a volume of the "
            "service itself, as in volumes: {media: /srv/media}.",
        )
    key = (service.route.host, segments(static.path))
    if key not in taken:
        taken[key] = (name, static.path, True)
        return
    first, path, is_static = taken[key]
    leads = f"to the files of `{first}`" if is_static else f"to `{first}`"
    yield (
        (*at, "path"),
        f"host {service.route.host} and path {static.path} lead {leads} already{_same(static.path, path)}. Give the "
        "files a path that no route has, as in static: {path: /media, volume: media}.",
    )


def _same(path: str, taken: str) -> str:
    return "" if path == taken else f": to a route, {path} and {taken} are the same path"
