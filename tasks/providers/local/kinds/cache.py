"""The kind `cache`: a Valkey that keeps nothing on disk and forgets the least used when full."""

from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import binaries, ports
from tasks.providers.local.accounts.identity import as_account, refuse_closed
from tasks.providers.local.files import write_file
from tasks.providers.local.patience import PATIENCE_SECONDS
from tasks.providers.local.stack_folder import StackFolder, slug
from tasks.providers.valkey import conf
from tasks.supervisor.process import Probe, Process


def cache(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it, on loopback, behind a password that only its file (0600) holds."""
    settings: Any = resource.settings
    if settings["engine"] != "valkey":
        raise ProviderError(f"{resource.address}: this target runs valkey, not {settings['engine']}")
    port = ports.take(stack_folder.home, stack_folder.stack, resource.address)
    name = name_of(resource.address, incarnation)
    path = stack_folder.settings / f"{slug(resource.address, incarnation)}.conf"
    write_file(path, conf(port, settings["password"], settings["memory"]), owner=stack_folder.owner)
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
