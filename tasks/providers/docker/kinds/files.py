"""The kind `files`: an nginx that serves a volume's files, from the official image's program."""

from typing import Any

from docker.types import Mount

from infra_specs.resources.resource import Resource
from tasks.providers import nginx
from tasks.providers.docker.containers.container import SECRETS_PATH, Container, DesiredContainer

PORT = 8080
_FOLDER = "/srv/files"
_OWN = "/tmp"  # noqa: S108 - of the container
_TEMPORARY = "/var/cache/nginx"
"""Where the official image's program was made to put what it has no memory for."""


def files(resource: Resource, address: str) -> DesiredContainer:
    """What runs it. It can read whatever the app's user wrote, and write nothing."""
    settings: Any = resource.settings
    conf = nginx.conf(PORT, _FOLDER, settings["health"], address="0.0.0.0", user="root")  # noqa: S104 - of the stack's network
    container = Container(
        settings["image"],
        ("-p", f"{_OWN}/", "-c", str(SECRETS_PATH / "nginx.conf"), "-e", "stderr"),
        # Its own prepares files that are none of ours, in folders that cannot be written to.
        entrypoint=("nginx",),
        user="root",
        # To read what its owner alone may, and to begin workers.
        capabilities=("DAC_READ_SEARCH", "SETGID"),
        files={"nginx.conf": conf},
        volumes={"files": Mount(_FOLDER, settings["volume"], type="volume", read_only=True, no_copy=True)},
        scratch=(_OWN, _TEMPORARY),
        memory=settings["limit"],
    )
    probe = {"kind": "http", "port": PORT, "path": settings["health"]}
    return DesiredContainer(container, outputs={"endpoint": f"{address}:{PORT}"}, probe=probe)
