"""Remove what no instance of a stack needs: leftovers of a removal and of killed runs."""

from docker.errors import NotFound

from tasks.providers.docker.annotations import annotations_among, remove_annotation
from tasks.providers.docker.engine import Engine, Listed
from tasks.providers.docker.labels import PART_LABEL, data_of, is_instance, is_of_route, key_of
from tasks.providers.docker.network import Networks
from tasks.providers.docker.removal import end, ignore_missing, is_ending
from tasks.providers.docker.routes import Routes


def sweep(api: Engine, networks: Networks, routes: Routes, stack: str) -> None:
    """Finish removals that began; remove files, annotations and draining endpoints of instances that are gone.

    With the last container and the last route the network and the proxy's files go too. Nothing may be created
    meanwhile: the parts of a new instance look unused.
    """
    # In this order: what a command that somebody runs beside it has just been given belongs to a container seen here.
    held, containers = api.volumes_of(stack), _left(api, stack)
    notes = annotations_among(held)
    there = {key_of(each): each for each in (one["Labels"] for one in (*containers, *held)) if is_instance(each)}
    known = [data_of(notes[key].labels if key in notes else own) for key, own in there.items()]
    routes.forget_others(stack, notes, {each["outputs"].get("endpoint") for each in known})
    ways = set(filter(is_of_route, notes))
    for key in notes.keys() - there.keys() - ways:
        remove_annotation(api, notes[key])
    last = not containers and not ways
    mounted = {mount.get("Name") for each in containers for mount in each["Mounts"]}
    for volume in held:
        part, name = volume["Labels"].get(PART_LABEL), volume["Name"]
        if name not in mounted and (part == "files" or (part == "proxy" and last)):
            ignore_missing(lambda name=name: api.remove_volume(name))  # type: ignore[misc]
    if last:
        networks.remove(stack)


def _left(api: Engine, stack: str) -> Listed:
    """The stack's containers, after the removals that had begun are finished."""
    listed = api.containers_of(stack)
    ending = [each for each in listed if any(map(is_ending, each["Names"]))]
    for each in ending:
        try:
            end(api, api.inspect_container(each["Id"]), data_of(each["Labels"])["kind"])
        except NotFound:
            continue
    return [each for each in listed if each not in ending]
