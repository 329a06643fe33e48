"""The kinds `cache` and `queue`: a Valkey without a disk, and one on a volume, from the official image's contract."""

from dataclasses import replace
from typing import Any

from docker.types import Mount

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.base.need_protocols import PROBE_USER
from tasks.providers import valkey
from tasks.providers.docker.containers.container import SECRETS_PATH, Container, DesiredContainer
from tasks.providers.docker.labels import host_of

PORT = 6379
_FOLDER = "/data"
"""It belongs to valkey in every official image, so it does so too in a volume mounted there."""


def cache(resource: Resource, _address: str) -> DesiredContainer:
    """What runs it. Raises ProviderError for another engine than valkey."""
    container = replace(_container(resource), scratch=(_FOLDER,), stop_seconds=2)
    return _desired(resource, container, "")


def queue(resource: Resource, _address: str) -> DesiredContainer:
    """The same on a volume. It is well once it has read what the volume holds."""
    settings: Any = resource.settings
    volume = Mount(_FOLDER, settings["volume"], type="volume")
    container = replace(_container(resource, _FOLDER), volumes={"data": volume}, stop_seconds=30)
    return _desired(resource, container, PROBE_USER)


def _container(resource: Resource, folder: str = "") -> Container:
    settings: Any = resource.settings
    if settings["engine"] != "valkey":
        raise ProviderError(f"{resource.address}: this target runs valkey, not {settings['engine']}")
    written = valkey.conf(PORT, settings["password"], settings["memory"], address="0.0.0.0", folder=folder)  # noqa: S104 - of the stack's network
    return Container(
        settings["image"],
        ("valkey-server", str(SECRETS_PATH / "valkey.conf")),
        user="valkey",
        files={"valkey.conf": written},
        memory=settings["limit"],
    )


def _desired(resource: Resource, container: Container, probe_user: str) -> DesiredContainer:
    probe = {"kind": "valkey", "port": PORT, "user": probe_user}
    return DesiredContainer(container, (), {"host": host_of(resource.address), "port": str(PORT)}, probe)
