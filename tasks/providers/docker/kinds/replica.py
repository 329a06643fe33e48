"""The kind `replica`: one copy of a service, from the service's own image."""

from collections.abc import Sequence
from typing import Any

from docker.types import Mount

from infra_specs.catalogue.ready_seconds import start_note
from infra_specs.resources.address import Address
from infra_specs.resources.patience import Patience
from infra_specs.resources.resource import Resource
from tasks.providers.docker.containers.container import SECRETS_PATH, Container, DesiredContainer

_IMAGE_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "KILL", "NET_BIND_SERVICE")
"""What images that begin as root need to prepare themselves and to become a user of less power."""


def replica(resource: Resource, address: str) -> DesiredContainer:
    """What runs it; it is asked at its port, if it has one."""
    settings: Any = resource.settings
    port = settings.get("port")
    return DesiredContainer(
        program(settings),
        (Address.parse(resource.address).short, settings["service"]),
        {"endpoint": f"{address}:{port}"} if port else {},
        _probe(resource, port) if port else None,
    )


def _probe(resource: Resource, port: int) -> dict[str, Any]:
    settings: Any = resource.settings
    patience = resource.patience or Patience()
    return {
        "kind": "http",
        "port": port,
        "path": settings["health"],
        "start": patience.start_seconds,
        "start_note": start_note(settings["service"], patience),
    }


def program(settings: Any) -> Container:
    """A service's own program: its command, variables, files and volumes."""
    port, variables = settings.get("port"), settings["env"]
    entrypoint, command = _words(settings.get("entrypoint"), settings["command"])
    # No variable can hold bytes.
    files = {
        **(settings.get("files") or {}),
        **{key: value for key, value in variables.items() if isinstance(value, bytes)},
    }
    env = {key: value for key, value in variables.items() if key not in files}
    env |= {f"{name}_FILE": str(SECRETS_PATH / name) for name in files}
    if port:
        env["PORT"] = str(port)
    return Container(
        settings["image"],
        command,
        env,
        entrypoint=entrypoint,
        files=files,
        volumes={path: Mount(path, name, type="volume") for path, name in (settings.get("volumes") or {}).items()},
        # Whose image it is knows what it writes where and as whom.
        read_only=False,
        capabilities=_IMAGE_CAPABILITIES,
        memory=settings.get("limit"),
        cpus=settings.get("cpus"),
        init=True,
    )


def _words(
    entrypoint: Sequence[str] | None, command: Sequence[str]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """What the engine calls entrypoint and command. Without an entrypoint the command's first word is in its place, for
    else the image's own would be; None leaves the choice to the image."""
    if entrypoint is None:
        return None, tuple(command) or None
    words = (*entrypoint, *command)
    first = len(entrypoint) or 1
    return words[:first], words[first:] or None
