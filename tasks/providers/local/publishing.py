"""Routes as records in the stack's folder, and the proxy's files made from them in an order that loses no request."""

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks.providers.local import admin
from tasks.providers.local.envoy_files import RouteRule, clusters, endpoints, routes
from tasks.providers.local.files import read_json, write_json
from tasks.providers.local.place import Place

_applied_seconds = 2.0
"""How long the proxy is waited for before the next step is taken all the same."""


def records(place: Place) -> tuple[dict[str, Any], ...]:
    """Every route's record, by name."""
    if not place.routes.is_dir():
        return ()
    found = (read_json(path) for path in sorted(place.routes.glob("[!.]*.json")))
    return tuple(record for record in found if record is not None)


def rule_of(record: Mapping[str, Any]) -> RouteRule:
    """The rule that a route's record stands for."""
    settings = record["settings"]
    return RouteRule(
        service=settings["service"],
        host=settings["host"],
        path=settings["path"],
        public=settings["public"],
        health=settings["health"],
        endpoints=tuple(settings["endpoints"]),
        draining=tuple(record.get("draining", ())),
    )


def version_of(rules: Iterable[RouteRule]) -> str:
    """Which routes these are, endpoints aside."""
    texts = sorted(f"{rule.service} {rule.host} {rule.path} {rule.public}" for rule in rules)
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:12]


def publish(place: Place, *, waiting: bool = True) -> None:
    """Make the proxy's files say what the records say. Nothing if the stack has no proxy.

    What is added is known before it is used (endpoints, clusters, routes); what goes is used no more before it is
    forgotten (routes, clusters, endpoints). `waiting`: at each step until a proxy that runs has taken it in, which
    takes it milliseconds; otherwise what another service answered a moment ago would be answered with 503.
    """
    folder = place.proxy
    if not folder.is_dir():
        return
    rules = {rule.cluster: rule for rule in map(rule_of, records(place))}
    before = {each["name"]: each for each in (read_json(folder / "clusters.json") or {}).get("resources", [])}
    for rule in rules.values():
        write_json(folder / _endpoints_name(rule.service), endpoints(rule))
    wanted = clusters(folder, rules.values())
    going = [before[name] for name in sorted(before.keys() - rules.keys())]
    write_json(folder / "clusters.json", wanted | {"resources": [*wanted["resources"], *going]})
    if waiting and rules.keys() - before.keys():
        _await_clusters(folder, rules.keys())
    version = version_of(rules.values())
    for name, held in (
        ("public", [rule for rule in rules.values() if rule.public]),
        ("local", list(rules.values())),
    ):
        write_json(folder / f"routes-{name}.json", routes(name, held, version))
    if going:
        if waiting:
            _await_routes(folder, version)
        write_json(folder / "clusters.json", wanted)
    _forget_endpoints(folder, rules.values())


def _await_clusters(folder: Path, names: Collection[str]) -> None:
    def known() -> bool:
        found = admin.view(folder)
        return found is None or found.clusters.issuperset(names)

    _await(known)


def await_endpoints(place: Place, cluster: str, endpoints: Iterable[str]) -> None:
    """Until the proxy has seen each of these answer, for at most two seconds; at once if no proxy runs."""
    deadline = time.monotonic() + _applied_seconds
    while time.monotonic() < deadline:
        view = admin.view(place.proxy)
        if view is None or view.answering(cluster) >= set(endpoints):
            return
        time.sleep(0.005)


def _await_routes(folder: Path, version: str) -> None:
    _await(lambda: admin.routes_version(folder) in (None, version))


def _await(taken_in: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _applied_seconds
    while not taken_in() and time.monotonic() < deadline:
        time.sleep(0.003)


def _forget_endpoints(folder: Path, rules: Iterable[RouteRule]) -> None:
    kept = {_endpoints_name(rule.service) for rule in rules}
    for path in folder.glob("endpoints-*.json"):
        if path.name not in kept:
            path.unlink(missing_ok=True)


def _endpoints_name(service: str) -> str:
    return f"endpoints-{service}.json"
