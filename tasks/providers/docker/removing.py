"""From an instance to nothing: its container with what is its own, and what nobody needs any more after it."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from docker.api.client import APIClient

from infra_specs.plan.instance import Health, Instance
from tasks.providers.docker.ending import end, gone
from tasks.providers.docker.labels import instance_of, is_instance, key_of, only, part_label
from tasks.providers.docker.network import Networks
from tasks.providers.docker.notes import notes_among, remove_note, volumes_of
from tasks.providers.docker.routes import Routes

_aside_at_once = 16


class Remover:
    """Removes containers, and what is left over."""

    def __init__(self, api: APIClient, networks: Networks, routes: Routes) -> None:
        self._api, self._networks, self._routes = api, networks, routes
        self._aside = ThreadPoolExecutor(_aside_at_once, "docker-aside")
        self._making: Counter[str] = Counter()
        self._guard = threading.Lock()

    def close(self) -> None:
        """Nothing is removed any more."""
        self._aside.shutdown(wait=False)

    @contextmanager
    def at_work(self, stack: str) -> Iterator[None]:
        """Nobody takes for left over meanwhile what is being made here."""
        with self._guard:
            self._making[stack] += 1
        try:
            yield
        finally:
            with self._guard:
                self._making[stack] -= 1

    def remove(self, instance: Instance, container: Mapping[str, Any] | None) -> None:
        """Remove its container (inspected), if there is one; meanwhile the proxy forgets it."""
        endpoint = instance.outputs.get("endpoint")
        forgotten = self._aside.submit(self._routes.forget_endpoint, instance.stack, endpoint) if endpoint else None
        if container is not None:
            end(self._api, container, instance.kind)
        if forgotten:
            forgotten.result()

    def finish(self, container: Mapping[str, Any]) -> None:
        """Remove one that has begun to end, for somebody who was killed meanwhile."""
        self.remove(instance_of(container["Config"]["Labels"], Health("failed", "it ends", 0.0)), container)

    def leftovers(self, stack: str) -> None:
        """Remove the files of containers and the notes of instances that are gone; with the last container and the
        last route of the stack its network and the files of its proxy too.

        Another time while something is being made: what that will need looks like what nobody needs.
        """
        with self._guard:
            if self._making[stack]:
                return
            held, containers = volumes_of(self._api, stack), self._api.containers(all=True, filters=only(stack))
            labels = [each["Labels"] for each in (*containers, *held)]
            there, notes = {key_of(each) for each in labels if is_instance(each)}, notes_among(held)
            routes = {key for key in notes if key[0].startswith("route/")}
            for key in notes.keys() - there - routes:
                remove_note(self._api, notes[key])
            last = not containers and not routes
            mounted = {mount.get("Name") for each in containers for mount in each["Mounts"]}
            for volume in held:
                part, name = volume["Labels"].get(part_label), volume["Name"]
                if name not in mounted and (part == "files" or (part == "proxy" and last)):
                    gone(lambda name=name: self._api.remove_volume(name))  # type: ignore[misc]
            if last:
                self._networks.remove(stack)
