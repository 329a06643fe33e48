"""The kind `route`: which requests a service gets, and which of its replicas serve them. No process: a record."""

from collections.abc import Iterable
from pathlib import Path

from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers.envoy.admin_state import View
from tasks.providers.envoy.config_push import await_drained, await_endpoints, rule_of
from tasks.providers.envoy.route_state import (
    after_change,
    instead,
    others,
    route_health,
    route_url,
    same_question,
    while_joining,
)
from tasks.providers.labels import instance_of, readable, record_of
from tasks.providers.local.config_push import Folder, publish, records
from tasks.providers.local.files import read_json, write_json
from tasks.providers.local.proxy import outputs_of
from tasks.providers.local.stack_folder import Place, slug


def put_route(place: Place, resource: Resource, incarnation: int) -> None:
    """Tell the proxy and record it. Endpoints that it had before and has no more are drained until they are gone.

    They go on serving until the proxy has seen those that are new answer, so that somebody always does. What is
    recorded the proxy has been told, whenever somebody is killed; what is told and not recorded is told again.
    """
    path = _path(place, resource.address, incarnation)
    record, before = record_of(resource, incarnation, {}), read_json(path)
    if joining := while_joining(record, before):
        publish(place, instead(records(place), joining))
        write_json(path, joining)
        await_endpoints(Folder(place), rule_of(record), asked_as_before=same_question(joining, record))
    record = after_change(record, before)
    publish(place, instead(records(place), record))
    write_json(path, record)
    await_drained(Folder(place), rule_of(record))


def remove_route(place: Place, address: str, incarnation: int) -> None:
    """Forget it; returns when the proxy sends nothing its way any more."""
    publish(place, others(records(place), address, incarnation))
    _path(place, address, incarnation).unlink(missing_ok=True)


def forget_endpoint(place: Place, endpoint: str) -> None:
    """A replica is gone: nobody need know its endpoint any more."""
    changed = False
    for record in records(place):
        if endpoint in record.get("draining", ()):
            left = [each for each in record["draining"] if each != endpoint]
            labels = record["labels"]
            changed |= write_json(_path(place, labels["address"], labels["incarnation"]), record | {"draining": left})
    if changed:
        publish(place, records(place))


def routes(place: Place, view: View | None, proxy: Health | None) -> Iterable[Instance]:
    """Every route, with what the proxy says of it; a proxy that is not there is still to come."""
    outputs = outputs_of(place)
    for record in records(place):
        with readable(record):
            url = {"url": route_url(record["settings"], outputs)}
            labels, health = record["labels"] | {"outputs": url}, route_health(record, view, proxy)
        yield instance_of(labels, health)


def _path(place: Place, address: str, incarnation: int) -> Path:
    return place.routes / f"{slug(address, incarnation)}.json"
