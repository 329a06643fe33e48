"""The proxy's files, made from the routes in an order that loses no request."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePath
from typing import Any, Protocol, TypeVar

from infra_specs.errors import ProviderError
from tasks.providers.envoy.admin_state import View, serves_listeners
from tasks.providers.envoy.files import RouteRule, clusters, endpoints, routes
from tasks.providers.envoy.tls import has_taken

T = TypeVar("T")
_applied_seconds = 2.0
"""How long the proxy is waited for before the next step is taken all the same."""
_seen_seconds = 15.0
"""How long the proxy may take to see those answer that Tenfold has seen answer already; usually milliseconds."""
_gone_seconds = 5.0
"""Without an answer for so long a proxy does not run; on the busiest machine it says something by then."""
_certificate_seconds = 10.0
"""How long it may take until a proxy that runs serves another certificate; usually milliseconds."""
_listeners_seconds = 10.0
"""The same for its listeners."""


class ProxyFolder(Protocol):
    """The folder that a proxy reads, wherever it is."""

    @property
    def path(self) -> PurePath:
        """As the proxy knows it."""

    def read(self) -> Mapping[str, Any]:
        """Every file by name, as data."""

    def write(self, files: Mapping[str, Any]) -> None:
        """Replace each by rename, in this order; what is the same already is left alone."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; gone already is as good."""

    def view(self) -> View | None:
        """What the proxy knows; None if it does not answer."""

    def routes_version(self) -> str | None:
        """The version of the routes that it serves; None if it does not answer."""


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
        weights=weights_of(record),
    )


def weights_of(record: Mapping[str, Any]) -> dict[str, int]:
    """Endpoint -> percentage of the requests. The setting names a replica's address, or an endpoint itself."""
    bindings = record["labels"]["bindings"]
    weights = record["settings"].get("weights") or {}
    return {bindings.get(f"{name}.endpoint", name): percent for name, percent in weights.items()}


def version_of(rules: Iterable[RouteRule]) -> str:
    """Which routes these are, endpoints aside."""
    texts = sorted(f"{rule.service} {rule.host} {rule.path} {rule.public}" for rule in rules)
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:12]


def publish(folder: ProxyFolder, records: Iterable[Mapping[str, Any]], *, waiting: bool = True) -> None:
    """Make the proxy's files say what the records of the routes say.

    What is added is known before it is used (endpoints, clusters, routes); what goes is used no more before it is
    forgotten (routes, clusters, endpoints). `waiting`: at each step until a proxy that runs has taken it in, which
    takes it milliseconds; otherwise what another service answered a moment ago would be answered with 503.
    """
    there = folder.read()
    rules = {rule.cluster: rule for rule in map(rule_of, records)}
    before = {each["name"]: each for each in (there.get("clusters.json") or {}).get("resources", [])}
    wanted = clusters(folder.path, rules.values())
    going = [before[name] for name in sorted(before.keys() - rules.keys())]
    files = {_endpoints_name(rule.service): endpoints(rule) for rule in rules.values()}
    folder.write({**files, "clusters.json": wanted | {"resources": [*wanted["resources"], *going]}})
    if waiting and rules.keys() - before.keys():
        _await(lambda: (found := folder.view()) is None or found.clusters.issuperset(rules))
    version = version_of(rules.values())
    public = [rule for rule in rules.values() if rule.public]
    folder.write(
        {
            "routes-public.json": routes("public", public, version),
            "routes-local.json": routes("local", rules.values(), version),
        }
    )
    if going:
        if waiting:
            _await(lambda: folder.routes_version() in (None, version))
        folder.write({"clusters.json": wanted})
    folder.remove(name for name in there if name.startswith("endpoints-") and name not in files)


def await_endpoints(folder: ProxyFolder, rule: RouteRule, *, asked_as_before: bool) -> None:
    """Until the proxy has seen each of a route's endpoints answer, or does not run.

    ProviderError if it does not see it: then they may take nobody's place. Where they are asked for their health as
    they will be and not `as_before`, they may well not answer yet, and are not insisted on.
    """
    seen = _unless_gone(folder.view, lambda found: found.answering(rule.cluster) >= set(rule.endpoints))
    if not _await(seen, _seen_seconds if asked_as_before else _applied_seconds) and asked_as_before:
        raise ProviderError(
            f"the proxy did not see all of {', '.join(rule.endpoints)} answer at {rule.health} within "
            f"{_seen_seconds:g} s, so what served {rule.service} goes on serving. Run it again."
        )


def await_drained(folder: ProxyFolder, rule: RouteRule) -> None:
    """Until the proxy sends nothing new to what a route drains, so that who has no request in flight gets none."""
    if rule.draining:
        _await(lambda: (found := folder.view()) is None or not found.answering(rule.cluster) & set(rule.draining))


def await_certificate(served: Callable[[], bytes | None], pem: str, address: str) -> None:
    """Until the proxy serves this certificate; ProviderError if it does not take it and goes on with the one before.

    `served` asks what it serves (`certificates_target`); a proxy that does not answer will find it at its start.
    """
    if not _await(_unless_gone(served, lambda answer: has_taken(answer, pem)), _certificate_seconds):
        raise ProviderError(
            f"{address} did not take its new certificate in and goes on with what it had: its log says why. "
            "Look at the files that `tls` names."
        )


def await_listeners(served: Callable[[], bytes | None], version: str, address: str) -> None:
    """Until the proxy serves its listeners as told; ProviderError if it goes on with what it had.

    `served` asks it (`listeners_target`); a proxy that does not answer will find them at its start.
    """
    if not _await(_unless_gone(served, lambda answer: serves_listeners(answer, version)), _listeners_seconds):
        raise ProviderError(
            f"{address} did not take its new settings in and goes on with what it had: its log says why. "
            "Look at `tls`, `trust_proxies`, `timeouts` and the ports."
        )


def _unless_gone(look: Callable[[], T | None], as_wanted: Callable[[T], bool]) -> Callable[[], bool]:
    """Whether what is looked at is as wanted, or has not answered for so long that it does not run: an answer that got
    lost says nothing."""
    last_answer = time.monotonic()

    def seen() -> bool:
        nonlocal last_answer
        if (found := look()) is None:
            return time.monotonic() - last_answer > _gone_seconds
        last_answer = time.monotonic()
        return as_wanted(found)

    return seen


def _await(taken_in: Callable[[], bool], seconds: float = _applied_seconds) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := taken_in()) and time.monotonic() < deadline:
        time.sleep(0.003)
    return done


def _endpoints_name(service: str) -> str:
    return f"endpoints-{service}.json"
