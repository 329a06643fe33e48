"""The kind `cache`: a Valkey without a disk, from the official image's contract."""

from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers import valkey
from tasks.providers.docker.containers.container import SECRETS_PATH, Container, DesiredContainer
from tasks.providers.docker.labels import host_of

PORT = 6379


def cache(resource: Resource, _address: str) -> DesiredContainer:
    """What runs it. Raises ProviderError for another engine than valkey."""
    settings: Any = resource.settings
    if settings["engine"] != "valkey":
        raise ProviderError(f"{resource.address}: this target runs valkey, not {settings['engine']}")
    container = Container(
        settings["image"],
        ("valkey-server", str(SECRETS_PATH / "valkey.conf")),
        user="valkey",
        files={"valkey.conf": valkey.conf(PORT, settings["password"], settings["memory"], "0.0.0.0")},  # noqa: S104 - of the stack's network
        scratch=("/data",),
        memory=settings["limit"],
        stop_seconds=2,
    )
    probe = {"kind": "valkey", "port": PORT}
    return DesiredContainer(container, (), {"host": host_of(resource.address), "port": str(PORT)}, probe)
