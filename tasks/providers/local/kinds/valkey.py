"""The kinds `cache` and `queue`: a Valkey that keeps nothing, and one that keeps everything on a volume."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.base.need_protocols import PROBE_USER
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import binaries, ports
from tasks.providers.local.accounts.identity import as_account, give_volume, refuse_closed
from tasks.providers.local.files import write_file
from tasks.providers.local.patience import PATIENCE_SECONDS
from tasks.providers.local.stack_folder import StackFolder, slug
from tasks.providers.valkey import conf
from tasks.supervisor.process import Probe, Process


def cache(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it, on loopback, behind a password that only its file (0600) holds."""
    return _server(stack_folder, resource, incarnation)


def queue(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """The same on a volume. It is well once it has read what the volume holds."""
    settings: Any = resource.settings
    volume = Path(settings["volume"])
    if not volume.is_dir():
        raise ProviderError(f"{resource.address}: its volume {volume} is not there: make the volume first")
    give_volume(stack_folder, volume)
    process = _server(stack_folder, resource, incarnation, str(volume))
    assert process.probe is not None
    return replace(process, probe=replace(process.probe, user=PROBE_USER))


def _server(stack_folder: StackFolder, resource: Resource, incarnation: int, folder: str = "") -> Process:
    settings: Any = resource.settings
    if settings["engine"] != "valkey":
        raise ProviderError(f"{resource.address}: this target runs valkey, not {settings['engine']}")
    port = ports.take(stack_folder.home, stack_folder.stack, resource.address)
    name = name_of(resource.address, incarnation)
    path = stack_folder.settings / f"{slug(resource.address, incarnation)}.conf"
    written = conf(port, settings["password"], settings["memory"], folder=folder)
    write_file(path, written, owner=stack_folder.owner)
    program = binaries.valkey()
    refuse_closed(stack_folder, resource, str(program.parent))
    return Process(
        name=name,
        argv=(str(program), str(path)),
        **as_account(stack_folder, str(program.parent)),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
        cwd=str(stack_folder.settings),
        probe=Probe("valkey", port, patience=PATIENCE_SECONDS),
        owned=True,
        labels=labels_of(resource, incarnation, {"host": "127.0.0.1", "port": str(port)}),
    )
