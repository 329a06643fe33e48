"""Push the configuration of the routes to the proxy, in an order that loses no request."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import PurePath
from typing import Any, Protocol, TypeVar

from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.health import INTERVAL_SECONDS
from infra_specs.stackfile.models.route import REQUEST_SECONDS
from tasks.providers.envoy import plain_http
from tasks.providers.envoy.admin_state import AdminState, serves_listeners
from tasks.providers.envoy.files import RouteRule, clusters, endpoints
from tasks.providers.envoy.routes import public_routes, routes
from tasks.providers.envoy.sticky import cookie_of
from tasks.providers.envoy.tls import has_taken

T = TypeVar("T")
_APPLIED_SECONDS = 2.0
"""Longest wait for the proxy at each step; then the next step follows all the same."""
SEEN_SECONDS = 15.0
"""How long the proxy may take to see those answer that Tenfold has seen answer already; usually milliseconds."""
_SILENCE_SECONDS = 5.0
"""A proxy that has not answered for this long does not run."""
_CERTIFICATE_SECONDS = 10.0
"""How long it may take until a proxy that runs serves another certificate; usually milliseconds."""
_LISTENERS_SECONDS = 10.0
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

    def admin_state(self) -> AdminState | None:
        """What the proxy knows; None if it does not answer."""

    def routes_version(self, name: str) -> str | None:
        """The version of the routes of this name that it serves, "" without any; None if it does not answer."""


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
        # A route that an earlier version recorded says nothing of these.
        request_seconds=settings.get("request_timeout", REQUEST_SECONDS),
        idle_seconds=settings.get("idle_timeout"),
        cookie=cookie_of(record["labels"]["stack"], settings["service"], secure=settings["secure"])
        if settings.get("sticky")
        else None,
        interval=settings.get("interval", INTERVAL_SECONDS),
        files=settings.get("files", False),
    )


def weights_of(record: Mapping[str, Any]) -> dict[str, int]:
    """Endpoint -> percentage of the requests. The setting names a replica's address, or an endpoint itself."""
    bindings = record["labels"]["bindings"]
    weights = record["settings"].get("weights") or {}
    return {bindings.get(f"{name}.endpoint", name): percent for name, percent in weights.items()}


def push_config(folder: ProxyFolder, records: Iterable[Mapping[str, Any]], *, waiting: bool = True) -> None:
    """Make the proxy's files say what the records of the routes say.

    What is added is known before it is used (endpoints, clusters, routes); what goes is used no more before it is
    forgotten (routes, clusters, endpoints). `waiting`: at each step until a proxy that runs has taken it in, which
    takes it milliseconds; otherwise what another service answered a moment ago would be answered with 503.
    """
    files_before = folder.read()
    rules = {rule.cluster: rule for rule in map(rule_of, records)}
    clusters_before = {
        cluster["name"]: cluster for cluster in (files_before.get("clusters.json") or {}).get("resources", [])
    }
    new_clusters = clusters(folder.path, rules.values())
    removed_clusters = [clusters_before[name] for name in sorted(clusters_before.keys() - rules.keys())]
    files = {rule.endpoints_file: endpoints(rule) for rule in rules.values()}
    folder.write(
        {**files, "clusters.json": new_clusters | {"resources": [*new_clusters["resources"], *removed_clusters]}}
    )
    if waiting and rules.keys() - clusters_before.keys():
        await_taken_in(lambda: (state := folder.admin_state()) is None or state.clusters.issuperset(rules))
    public = [rule for rule in rules.values() if rule.public]
    local_routes = routes("local", rules.values())
    folder.write({"routes-public.json": public_routes(public), "routes-local.json": local_routes})
    if told := files_before.get(plain_http.FILE):
        plain_routes = plain_http.routes(told, public)
        folder.write({plain_http.ROUTES_FILE: plain_routes})
        if waiting:  # before the first it has no listener for them
            await_taken_in(lambda: folder.routes_version(plain_http.NAME) in (None, "", plain_routes["version_info"]))
    if removed_clusters:
        if waiting:
            await_taken_in(lambda: folder.routes_version("local") in (None, local_routes["version_info"]))
        folder.write({"clusters.json": new_clusters})
    folder.remove(name for name in files_before if name.startswith("endpoints-") and name not in files)


def await_endpoints(
    folder: ProxyFolder, rule: RouteRule, *, asked_as_before: bool, seconds: float = SEEN_SECONDS
) -> None:
    """Until the proxy has seen each of a route's endpoints answer, or does not run.

    ProviderError if it does not see it within `seconds`: then they may take nobody's place. Where they are asked for
    their health as they will be and not `as_before`, they may well not answer yet, and are not insisted on.
    """
    silent = set(rule.endpoints)

    def all_answer(state: AdminState) -> bool:
        nonlocal silent
        silent = set(rule.endpoints) - state.answering(rule.cluster)
        return not silent

    reached = _unless_gone(folder.admin_state, all_answer)
    if not await_taken_in(reached, seconds if asked_as_before else _APPLIED_SECONDS) and asked_as_before:
        raise ProviderError(
            f"the proxy did not see {', '.join(sorted(silent))} answer at {rule.health} within {seconds:g} s, so what "
            f"served {rule.service} goes on serving. Run it again."
        )


def await_drained(folder: ProxyFolder, rule: RouteRule) -> None:
    """Until the proxy sends nothing new to what a route drains, so that who has no request in flight gets none."""
    if rule.draining:
        await_taken_in(
            lambda: (state := folder.admin_state()) is None or not state.answering(rule.cluster) & set(rule.draining)
        )


def await_certificates(served: Callable[[], bytes | None], pems: Collection[str], address: str) -> None:
    """Until the proxy serves these certificates; ProviderError if it does not take one and goes on with the one before.

    `served` asks what it serves (`certificates_target`); a proxy that does not answer will find it at its start.
    """
    if not await_taken_in(
        _unless_gone(served, lambda answer: all(has_taken(answer, pem) for pem in pems)), _CERTIFICATE_SECONDS
    ):
        raise ProviderError(
            f"{address} did not take its new certificate in and goes on with what it had: its log says why. "
            "Look at the files that `tls` names."
        )


def await_listeners(served: Callable[[], bytes | None], version: str, address: str) -> None:
    """Until the proxy serves its listeners as told; ProviderError if it goes on with what it had.

    `served` asks it (`listeners_target`); a proxy that does not answer will find them at its start.
    """
    if not await_taken_in(_unless_gone(served, lambda answer: serves_listeners(answer, version)), _LISTENERS_SECONDS):
        raise ProviderError(
            f"{address} did not take its new settings in and goes on with what it had: its log says why. "
            "Look at `tls`, `trust_proxies`, `timeouts` and the ports."
        )


def _unless_gone(look: Callable[[], T | None], is_reached: Callable[[T], bool]) -> Callable[[], bool]:
    """Whether what is looked at is as wanted, or has not answered for so long that it does not run: an answer that got
    lost says nothing."""
    last_answer = time.monotonic()

    def reached() -> bool:
        nonlocal last_answer
        if (answer := look()) is None:
            return time.monotonic() - last_answer > _SILENCE_SECONDS
        last_answer = time.monotonic()
        return is_reached(answer)

    return reached


def await_taken_in(taken_in: Callable[[], bool], seconds: float = _APPLIED_SECONDS) -> bool:
    """Until a proxy has taken something in. Returns whether it has, after so many seconds at most."""
    deadline = time.monotonic() + seconds
    while not (done := taken_in()) and time.monotonic() < deadline:
        time.sleep(0.003)  # Envoy tells nobody what it took in, and a release waits for this many times
    return done
