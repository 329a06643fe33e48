"""Which requests each service of a Compose file gets, once all of them answer at one port."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from infra_specs.compose.ports import PublishedPort

_RULE = re.compile(r"Host\(`([A-Za-z0-9.-]+)`\)(?:\s*&&\s*PathPrefix\(`(/[\w/.-]*)`\))?")


def routes_of(
    services: Mapping[str, Mapping[str, Any]], ports: Mapping[str, Sequence[PublishedPort]]
) -> dict[str, dict[str, str]]:
    """The route of each service that needs one.

    A rule of Traefik says it. Without one the first service that publishes a port gets every request, and each other
    the host name NAME.localhost, which browsers take for this machine.
    """
    routes: dict[str, dict[str, str]] = {}
    is_first = True
    for name, service in services.items():
        if not ports[name]:
            continue
        if rule := _RULE.search(_labels(service)):
            routes[name] = {"host": rule[1].lower(), **({"path": rule[2]} if rule[2] else {})}
        elif not is_first:
            routes[name] = {"host": f"{re.sub(r'[^a-z0-9-]', '-', name.lower())}.localhost"}
        is_first = False
    return routes


def _labels(service: Mapping[str, Any]) -> str:
    labels = service.get("labels") or {}
    return "\n".join(map(str, labels.values() if isinstance(labels, dict) else labels))
