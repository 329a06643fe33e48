"""Remove what no instance of a stack needs: leftovers of a removal and of killed runs."""

from docker.errors import NotFound

from tasks.providers.docker.annotations import Annotations, annotations_among
from tasks.providers.docker.containers.removal import end, ignore_missing, is_ending
from tasks.providers.docker.engine.client import Engine, Listed
from tasks.providers.docker.labels import PART_LABEL, data_of, is_instance, is_of_route, key_of
from tasks.providers.docker.network import Networks
from tasks.providers.docker.proxy.routes import RouteTable


def sweep(api: Engine, networks: Networks, routes: RouteTable, annotations: Annotations, stack: str) -> None:
    """Finish removals that began; remove files, annotations and draining endpoints of instances that are gone.

    With the last container and the last route the network and the proxy's files go too. Nothing may be created
    meanwhile: the parts of a new instance look unused.
    """
    # In this order: what a command that somebody runs beside it has just been given belongs to a container seen here.
    volumes, containers = api.volumes_of(stack), _remaining(api, stack)
    stack_annotations = annotations_among(volumes)
    labels_by_key = {
        key_of(labels): labels
        for labels in (listed["Labels"] or {} for listed in (*containers, *volumes))
        if is_instance(labels)
    }
    data = [
        data_of(stack_annotations[key].labels if key in stack_annotations else labels)
        for key, labels in labels_by_key.items()
    ]
    routes.forget_others(stack, stack_annotations, {instance["outputs"].get("endpoint") for instance in data})
    route_keys = set(filter(is_of_route, stack_annotations))
    for key in stack_annotations.keys() - labels_by_key.keys() - route_keys:
        annotations.remove(stack, key)
    last = not containers and not route_keys
    _remove_volumes(api, volumes, containers, last=last)
    if last:
        networks.remove(stack)


def _remove_volumes(api: Engine, volumes: Listed, containers: Listed, *, last: bool) -> None:
    """Remove files that no container mounts, and after the last container those of the proxy."""
    mounted = {mount.get("Name") for container in containers for mount in container["Mounts"]}
    for volume in volumes:
        part, name = volume["Labels"].get(PART_LABEL), volume["Name"]
        if name not in mounted and (part == "files" or (part == "proxy" and last)):
            ignore_missing(lambda name=name: api.remove_volume(name))  # type: ignore[misc]


def _remaining(api: Engine, stack: str) -> Listed:
    """The stack's containers, after the removals that had begun are finished."""
    listed = api.containers_of(stack)
    ending = [container for container in listed if any(map(is_ending, container["Names"]))]
    for container in ending:
        try:
            end(api, api.inspect_container(container["Id"]), data_of(container["Labels"])["kind"])
        except NotFound:
            continue
    return [container for container in listed if container not in ending]
