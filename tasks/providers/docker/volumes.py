"""The kind `volume`: a volume of the engine for data, which outlives everything else of its stack."""

from collections.abc import Iterable, Mapping
from typing import Any

from docker.api.client import APIClient
from docker.errors import NotFound

from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.providers.docker.annotations import Annotation, Key
from tasks.providers.docker.labels import instance_of, is_instance, key_of, labels_of, name_of


def make_volume(api: APIClient, resource: Resource, incarnation: int) -> None:
    """Make it. The engine's own driver knows no size: the disk is the limit."""
    name = name_of(resource.stack, resource.address, incarnation)
    api.create_volume(name, labels=labels_of(resource, incarnation, {"path": name}))


def remove_volume(api: APIClient, instance: Instance) -> None:
    """With all data in it."""
    try:
        api.remove_volume(name_of(instance.stack, instance.address, instance.incarnation))
    except NotFound:
        return


def volumes(stack_volumes: Iterable[Mapping[str, Any]], annotations: Mapping[Key, Annotation]) -> Iterable[Instance]:
    """Every volume for data among a stack's volumes."""
    for volume in stack_volumes:
        labels = volume["Labels"] or {}
        if is_instance(labels):
            annotation = annotations.get(key_of(labels))
            yield instance_of(annotation.labels if annotation else labels, Health("healthy", "it is there", now()))
