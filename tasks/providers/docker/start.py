"""Create and start the container of a resource: choose its address and ports, write its files."""

import random
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from docker.api.client import APIClient
from docker.errors import APIError, ImageNotFound, NotFound
from docker.types import Mount

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import container as containers
from tasks.providers.docker import proxy
from tasks.providers.docker.desired_settings import DesiredContainer
from tasks.providers.docker.engine import said
from tasks.providers.docker.images import Images, brings_init
from tasks.providers.docker.kinds import desired_container
from tasks.providers.docker.labels import PART_LABEL, PROBE_LABEL, host_of, labels_of, name_of, part_of
from tasks.providers.docker.network import Networks, address_in
from tasks.providers.docker.ports import ProxyPorts, ports_of
from tasks.providers.docker.routes import Routes
from tasks.providers.host_address import own_address

FIRST_PORT, LAST_PORT = 20_000, 31_999
"""Below the ports that Linux gives to outgoing connections, which would take one between two starts."""
_ATTEMPTS = 5
_PORT_SETTINGS = ("port", "public_port", "redirect")
"""Settings that name a port, for which there is no other."""


class _TakenError(Exception):
    """The address or a port is in use by another program; a retry chooses another."""


class Starter:
    """Makes containers and starts them."""

    def __init__(self, api: APIClient, target: Docker, images: Images, networks: Networks, routes: Routes) -> None:
        self._api, self._networks, self._routes = api, networks, routes
        self._images = images
        url = urlsplit(target.host or api.base_url)
        self._host = url.hostname if url.scheme in ("tcp", "https") and url.hostname else ""

    @property
    def outside(self) -> str:
        """The engine's address as its neighbours see it."""
        return self._host or own_address()

    def start(self, resource: Resource, incarnation: int) -> str:
        """A new container; its id. One whose command cannot be started stays, to be seen as failed with its reason.

        Raises ProviderError for a missing image or volume and for a port that is taken.
        """
        # Check volume and image first: a failure then leaves nothing behind.
        self._refuse_missing_volume(resource)
        image = self._image(resource)
        network = self._networks.need(resource.stack)
        for _ in range(_ATTEMPTS):
            address = self._networks.take(resource.stack)
            desired = self._desired(resource, address)
            desired = replace(desired, container=replace(desired.container, image=image))
            identity = self._make(resource, incarnation, desired, network.name, address)
            try:
                self._start_container(identity, resource)
            except _TakenError as conflict:
                self._api.remove_container(identity, v=True, force=True)
                if resource.kind == "proxy" and any(resource.settings.get(name) for name in _PORT_SETTINGS):
                    raise ProviderError(
                        f"{resource.address}: {conflict}. Choose other ports in the target, or stop what has them."
                    ) from conflict
            else:
                return identity
        raise ProviderError(f"{resource.address}: {_ATTEMPTS} addresses and ports were all taken by others: try again")

    def finish(self, container: dict[str, object], resource: Resource, incarnation: int) -> None:
        """Start a container that a killed run created and did not start; its files may be missing."""
        identity = str(container["Id"])
        network = self._networks.need(resource.stack)
        desired = self._desired(resource, address_in(container, network.name))
        containers.put_files(self._api, identity, desired.container)
        try:
            self._start_container(identity, resource)
        except _TakenError:
            # Its port or address was free when it was made. It never ran, so another in its place is as good.
            self._api.remove_container(identity, v=True, force=True)
            self.start(resource, incarnation)

    def _image(self, resource: Resource) -> str:
        """The name or id of its image; the image is in the engine when this returns."""
        settings: Any = resource.settings
        name, id = settings["image"], settings.get("image_id")
        image = self._images.called(name, id) if id else str(name)
        self._images.need(image)
        return image

    def _desired(self, resource: Resource, address: str) -> DesiredContainer:
        if resource.kind != "proxy":
            return desired_container(resource, address)
        return proxy.proxy(resource, _chosen_ports(resource), self.outside)

    def _make(self, resource: Resource, incarnation: int, desired: DesiredContainer, network: str, address: str) -> str:
        labels = labels_of(resource, incarnation, desired.outputs)
        if desired.probe is not None:
            labels[PROBE_LABEL] = containers.as_label(desired.probe)
        container = desired.container
        entrypoint = self._images.need(container.image)
        if container.init and brings_init((*entrypoint, *(container.command or ()))):
            container = replace(container, init=False)
        name = name_of(resource.stack, resource.address, incarnation)
        secrets = None
        if container.files:
            secrets = Mount(
                str(containers.SECRETS_PATH),
                # Without a name it is the container's alone, and the engine removes both as one.
                None,
                type="volume",
                no_copy=True,
                labels=part_of(resource.stack, "files"),
            )
        try:
            return containers.make(
                self._api,
                container,
                name=name,
                labels=labels,
                network=network,
                address=address,
                aliases=[host_of(resource.address), *desired.aliases],
                secrets=secrets,
            )
        except ImageNotFound as error:
            self._images.forget(desired.container.image)
            raise ProviderError(f"{resource.address}: {said(error)}. Run it again.") from error
        except APIError as error:
            if error.status_code != 409:
                raise
            return self._adopted(name, labels, error)

    def _adopted(self, name: str, labels: dict[str, str], error: APIError) -> str:
        """The container that a concurrent run created. Raises ProviderError if it is not ours."""
        existing = self._api.inspect_container(name)
        existing_labels = existing["Config"]["Labels"] or {}
        same = ("tenfold.stack", "tenfold.address", "tenfold.fingerprint", PART_LABEL)
        if any(existing_labels.get(label) != labels[label] for label in same):
            raise ProviderError(f"a container that is not ours is called {name}: rename or remove it") from error
        return str(existing["Id"])

    def _start_container(self, identity: str, resource: Resource) -> None:
        if resource.kind == "proxy":
            doors = ports_of(self._api.inspect_container(identity))
            self._routes.fill(resource.stack, identity, proxy.first_files(self._api, resource, doors))
        try:
            self._api.start(identity)
        except APIError as error:
            message = said(error)
            if "already allocated" in message or "ddress already in use" in message or "failed to bind" in message:
                raise _TakenError(message) from error
            state = self._api.inspect_container(identity)["State"]
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


def _chosen_ports(resource: Resource) -> ProxyPorts:
    settings = resource.settings
    if not settings["public"]:
        return ProxyPorts(_port(settings["port"]))
    redirect = settings.get("redirect")
    return ProxyPorts(_port(settings["port"]), _port(settings["public_port"]), _port(redirect) if redirect else None)


def _port(setting: object) -> int:
    """Chosen here and not by the engine, which would choose anew at every start."""
    return int(str(setting)) if setting else random.randint(FIRST_PORT, LAST_PORT)  # noqa: S311 - no secret
