"""The state of a route: its record while it changes, its health in the proxy, its URL."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from infra_specs.certificates.validity import covers
from infra_specs.resources.instance import Health
from tasks.base.clock import now
from tasks.providers.envoy.admin_state import AdminState
from tasks.providers.envoy.config_push import rule_of, weights_of

PUSH_SECONDS = 15.0
"""Time that a proxy may take to serve a route after it was configured, on the busiest machine."""


def after_change(record: dict[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    """The record of a route that was another before: endpoints that it has no more are drained until they are gone."""
    if before is None:
        return record | {"draining": []}
    is_same = before["labels"]["fingerprint"] == record["labels"]["fingerprint"]
    endpoints_before = {*before["settings"]["endpoints"], *before.get("draining", ())}
    drained = sorted(endpoints_before - set(record["settings"]["endpoints"]))
    return record | {"draining": drained, "since": before["since"] if is_same else record["since"]}


def while_joining(record: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The record until the proxy has seen the new endpoints answer: the old ones serve on beside them.

    Under the old labels: whoever is killed then leaves a route that is seen to be not yet as wanted. None if there is
    nothing to wait for.
    """
    serving = before["settings"]["endpoints"] if before else []
    joining = [endpoint for endpoint in record["settings"]["endpoints"] if endpoint not in serving]
    if before is None or not serving or not joining:
        return None
    settings = {"endpoints": [*serving, *joining], "weights": weights_of(before) | weights_of(record)}
    return {**before, "settings": {**before["settings"], **settings}}


def same_health_check(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two records of a route use the same health check."""
    return bool(one["settings"]["health"] == other["settings"]["health"])


def without_route(records: Iterable[Mapping[str, Any]], address: str, incarnation: int) -> list[Mapping[str, Any]]:
    """The records without the route of this address and incarnation."""
    key = (address, incarnation)
    return [record for record in records if (record["labels"]["address"], record["labels"]["incarnation"]) != key]


def with_route(records: Iterable[Mapping[str, Any]], record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The records with this one replaced or added, the newest incarnation last."""

    def order(entry: Mapping[str, Any]) -> tuple[str, int]:
        return entry["labels"]["address"], entry["labels"]["incarnation"]

    return sorted([*without_route(records, *order(record)), record], key=order)


def route_health(
    record: Mapping[str, Any], state: AdminState | None, proxy: Health | None, running: Collection[str] = ()
) -> Health:
    """The route's health by the proxy's endpoints; without a proxy it is starting.

    `running` are endpoints whose replicas run. Where these do not answer for long they are busy, and get all requests.
    """
    rule, since = rule_of(record), record["since"]
    if proxy is None:
        return Health("starting", "waits for the proxy", since)
    if proxy.state == "failed":
        return Health("failed", f"the proxy failed: {proxy.reason}", proxy.since)
    if state is None or rule.cluster not in state.clusters:
        # It is told before a route is recorded: what it does not know for long it was never told, or has lost.
        lost = state is not None and proxy.state == "healthy" and now() - since > PUSH_SECONDS
        return Health("failed" if lost else "starting", f"the proxy does not know it{'' if lost else ' yet'}", since)
    healthy = state.healthy(rule.cluster)
    if not healthy and now() - since > PUSH_SECONDS and set(rule.endpoints) & set(running):
        return Health("unready", f"none of its {len(rule.endpoints)} endpoints is ready, so all get requests", since)
    if rule.endpoints and not healthy:
        return Health("starting", f"none of its {len(rule.endpoints)} endpoints is healthy yet", since)
    return Health("healthy", f"{healthy} of {len(rule.endpoints)} endpoints healthy", since)


def route_url(settings: Mapping[str, Any], proxy: Mapping[str, str]) -> str:
    """Where it is reached, from what the proxy says of itself; empty without a proxy."""
    host = settings["host"]
    # Where certificates are fetched, a host that has none yet is served by plain HTTP.
    is_plain = "plain_url" in proxy and not covers(proxy["secured_hosts"].split(), host)
    base = proxy.get("plain_url" if is_plain else "public_url", "") if settings["public"] else ""
    base = base or proxy.get("url", "")
    if base and "*" not in host:
        url = urlsplit(base)
        base = f"{url.scheme}://{host}" + (f":{url.port}" if url.port else "")
    return base + settings["path"] if base else ""


def proxy_health(proxies: list[Health]) -> Health | None:
    """The health of the first incarnation of a proxy that has not failed; else of the first one."""
    return next((health for health in proxies if health.state != "failed"), next(iter(proxies), None))
