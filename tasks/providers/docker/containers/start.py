"""Create and start the container of a resource: choose its address, write its files."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from docker.errors import APIError, ImageNotFound, NotFound
from docker.types import Mount

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers.docker.containers import container as containers
from tasks.providers.docker.containers.container import DesiredContainer, Identity, Settings
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.errors import engine_message
from tasks.providers.docker.engine.images import EngineImages, brings_init
from tasks.providers.docker.labels import PART_LABEL, PROBE_LABEL, host_of, labels_of, name_of, part_of
from tasks.providers.docker.network import address_in

_ATTEMPTS = 5
_TAKEN = ("already allocated", "ddress already in use", "failed to bind")
"""What engines say of an address or a port that another program has."""
_PORT = re.compile(r":(\d+)\b")
"""In such a message. What follows the first is the container's own."""


class _TakenError(Exception):
    """The address or a port is in use by another program; a retry chooses another.

    `port`: the one that the engine names, if any.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        named = _PORT.search(message)
        self.port = int(named[1]) if named else None


class Named(Protocol):
    """A network."""

    @property
    def name(self) -> str:
        """What the engine calls it."""


class Networks(Protocol):
    """The networks that containers are started in."""

    def need(self, stack: str) -> Named:
        """The stack's network, made if need be."""

    def take(self, stack: str) -> str:
        """An address for a new container; empty where the network chooses."""


class Starter:
    """Makes containers and starts them. `kinds` say what is run."""

    def __init__(self, api: Engine, images: EngineImages, networks: Networks, kinds: Mapping[str, Settings]) -> None:
        self._api, self._images, self._networks, self._kinds = api, images, networks, kinds

    def start(self, resource: Resource, incarnation: int) -> str:
        """A new container; its id. One whose command cannot be started stays, to be seen as failed with its reason.

        Raises ProviderError for a missing image or volume and for a port that is taken.
        """
        # Check volume and image first: a failure then leaves nothing behind.
        self._refuse_missing_volume(resource)
        image = self._image(resource)
        network = self._networks.need(resource.stack)
        for attempt in range(_ATTEMPTS):
            address = self._networks.take(resource.stack)
            desired = self._kinds[resource.kind](resource, address)
            desired = replace(desired, container=replace(desired.container, image=image))
            id = self._make(resource, incarnation, desired, network.name, address)
            try:
                self._start_container(id, desired)
            except _TakenError as conflict:
                self._api.remove_container(id, v=True, force=True)
                if conflict.port in desired.fixed_ports:
                    raise ProviderError(
                        f"{resource.address}: {conflict}. Choose other ports in the target, or stop what has them."
                    ) from conflict
                if attempt and desired.taken:  # at first it may be the address that another has
                    desired.taken()
            else:
                return id
        raise ProviderError(f"{resource.address}: {_ATTEMPTS} addresses and ports were all taken by others: try again")

    def finish(self, container: Mapping[str, Any], resource: Resource, incarnation: int) -> None:
        """Start a container that a killed run created and did not start; its files may be missing."""
        id = str(container["Id"])
        network = self._networks.need(resource.stack)
        desired = self._kinds[resource.kind](resource, address_in(container, network.name))
        containers.put_files(self._api, id, desired.container)
        try:
            self._start_container(id, desired)
        except _TakenError:
            # Its port or address was free when it was made. It never ran, so another in its place is as good.
            self._api.remove_container(id, v=True, force=True)
            self.start(resource, incarnation)

    def _image(self, resource: Resource) -> str:
        """The name or id of its image; the image is in the engine when this returns."""
        settings: Any = resource.settings
        name, id = settings["image"], settings.get("image_id")
        image = self._images.called(name, id) if id else str(name)
        self._images.need(image)
        return image

    def _make(self, resource: Resource, incarnation: int, desired: DesiredContainer, network: str, address: str) -> str:
        labels = labels_of(resource, incarnation, desired.outputs)
        if desired.probe is not None:
            labels[PROBE_LABEL] = containers.as_label(desired.probe)
        container = desired.container
        words = container.entrypoint or self._images.need(container.image)
        if container.init and brings_init((*words, *(container.command or ()))):
            container = replace(container, init=False)
        name = name_of(resource.stack, resource.address, incarnation)
        identity = Identity(name, labels, network, address, (host_of(resource.address), *desired.aliases))
        secrets = _secrets_mount(resource.stack) if container.files else None
        try:
            return containers.make(self._api, container, identity, secrets)
        except ImageNotFound as error:
            self._images.forget(container.image)
            raise ProviderError(f"{resource.address}: {engine_message(error)}. Run it again.") from error
        except APIError as error:
            if error.status_code != 409:
                raise
            return self._adopted(name, labels, error)

    def _adopted(self, name: str, labels: Mapping[str, str], error: APIError) -> str:
        """The container that a concurrent run created. Raises ProviderError if it is not ours."""
        existing = self._api.inspect_container(name)
        existing_labels = existing["Config"]["Labels"] or {}
        same = ("tenfold.stack", "tenfold.address", "tenfold.fingerprint", PART_LABEL)
        if any(existing_labels.get(label) != labels[label] for label in same):
            raise ProviderError(f"a container that is not ours is called {name}: rename or remove it") from error
        return str(existing["Id"])

    def _start_container(self, id: str, desired: DesiredContainer) -> None:
        if desired.prepare:
            desired.prepare(id)
        try:
            self._api.start(id)
        except APIError as error:
            message = engine_message(error)
            if any(words in message for words in _TAKEN):
                raise _TakenError(message) from error
            state = self._api.inspect_container(id)["State"]
            if not state["Error"]:
                raise

    def _refuse_missing_volume(self, resource: Resource) -> None:
        settings: Any = resource.settings
        for name in (settings.get("volume"), *(settings.get("volumes") or {}).values()):
            try:
                if name is not None:
                    self._api.inspect_volume(name)
            except NotFound:
                # The engine would make an empty one that is nobody's.
                raise ProviderError(
                    f"{resource.address}: its volume {name} is not there: make the volume first"
                ) from None


def _secrets_mount(stack: str) -> Mount:
    """A volume without a name: it is the container's alone, and the engine removes both as one."""
    labels = part_of(stack, "files")
    return Mount(str(containers.SECRETS_PATH), None, type="volume", no_copy=True, labels=labels)
