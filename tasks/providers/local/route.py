"""The kind `route`: which requests a service gets, and which of its replicas serve them. No process: a record."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from infra_specs.plan.instance import Health, Instance
from infra_specs.plan.resource import Resource
from tasks.providers.local.admin import View
from tasks.providers.local.files import read_json, write_json
from tasks.providers.local.place import Place, slug
from tasks.providers.local.proxy import outputs_of
from tasks.providers.local.publishing import await_endpoints, publish, records, rule_of
from tasks.providers.local.records import instance_of, name_of, record_of


def put_route(place: Place, resource: Resource, incarnation: int) -> None:
    """Record it and tell the proxy. Endpoints that it had before and has no more are drained until they are gone.

    They go on serving until the proxy has seen those that are new answer, so that somebody always does.
    """
    path = _path(place, resource.address, incarnation)
    before = read_json(path)
    record = record_of(resource, incarnation, {})
    if before and before["labels"]["fingerprint"] == resource.fingerprint:
        record["since"] = before["since"]
    wanted = record["settings"]["endpoints"]
    serving = before["settings"]["endpoints"] if before else []
    if before and serving and (joining := [each for each in wanted if each not in serving]):
        # Under its old labels: whoever is killed here leaves a route that is seen to be not yet as wanted.
        write_json(path, before | {"settings": before["settings"] | {"endpoints": [*serving, *joining]}})
        publish(place)
        await_endpoints(place, rule_of(before).cluster, joining)
    known = {*serving, *before.get("draining", ())} if before else set()
    write_json(path, record | {"draining": sorted(known - set(wanted))})
    publish(place)


def remove_route(place: Place, address: str, incarnation: int) -> None:
    """Forget it; returns when the proxy sends nothing its way any more."""
    _path(place, address, incarnation).unlink(missing_ok=True)
    publish(place)


def forget_endpoint(place: Place, endpoint: str) -> None:
    """A replica is gone: nobody need know its endpoint any more."""
    changed = False
    for record in records(place):
        if endpoint in record.get("draining", ()):
            left = [each for each in record["draining"] if each != endpoint]
            labels = record["labels"]
            changed |= write_json(_path(place, labels["address"], labels["incarnation"]), record | {"draining": left})
    if changed:
        publish(place)


def routes(place: Place, view: View | None, proxy: Health | None) -> Iterable[Instance]:
    """Every route, with what the proxy says of it; a proxy that is not there is still to come."""
    outputs = outputs_of(place)
    for record in records(place):
        url = {"url": _url(record["settings"], outputs)}
        yield instance_of(record["labels"] | {"outputs": url}, _health(record, view, proxy))


def _health(record: Mapping[str, Any], view: View | None, proxy: Health | None) -> Health:
    rule, since = rule_of(record), record["since"]
    if proxy is None:
        return Health("starting", "waits for the proxy", since)
    if proxy.state == "failed":
        return Health("failed", f"the proxy failed: {proxy.reason}", proxy.since)
    if view is None or rule.cluster not in view.clusters:
        return Health("starting", "the proxy does not know it yet", since)
    healthy = view.healthy(rule.cluster)
    if rule.endpoints and not healthy:
        return Health("starting", f"none of its {len(rule.endpoints)} endpoints is healthy yet", since)
    return Health("healthy", f"{healthy} of {len(rule.endpoints)} endpoints healthy", since)


def _url(settings: Mapping[str, Any], proxy: Mapping[str, str]) -> str:
    base = proxy.get("public_url", "") if settings["public"] else ""
    base = base or proxy.get("url", "")
    host = settings["host"]
    if base and "*" not in host:
        base = f"http://{host}:{base.rpartition(':')[2]}"
    return base + settings["path"] if base else ""


def _path(place: Place, address: str, incarnation: int) -> Path:
    return place.routes / f"{slug(name_of(address, incarnation))}.json"
