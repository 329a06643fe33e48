"""The kind `files`: an nginx that serves a volume's files on loopback, as the account whose programs write them."""

import os
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import binaries, ports
from tasks.providers.local.accounts.identity import as_account, refuse_closed
from tasks.providers.local.files import make_folder, write_file
from tasks.providers.local.patience import PATIENCE_SECONDS
from tasks.providers.local.stack_folder import StackFolder, slug
from tasks.providers.nginx import conf
from tasks.supervisor.process import Probe, Process


def files(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it. It stands beside a successor, so each has a port of its own."""
    settings: Any = resource.settings
    volume = Path(settings["volume"])
    if not volume.is_dir():
        raise ProviderError(f"{resource.address}: its volume {volume} is not there: make the volume first")
    name, program = name_of(resource.address, incarnation), binaries.nginx()
    refuse_closed(stack_folder, resource, str(program.parent))
    port = ports.take(stack_folder.home, stack_folder.stack, name)
    # Without accounts the programs of a stack run as root where root runs us: it alone reads what they write.
    user = "root" if stack_folder.account is None and os.geteuid() == 0 else ""
    path = stack_folder.settings / f"{slug(resource.address, incarnation)}.conf"
    write_file(path, conf(port, str(volume), settings["health"], user=user), owner=stack_folder.owner)
    own = make_folder(path.with_suffix(".own"), owner=stack_folder.owner)
    return Process(
        name=name,
        argv=(str(program), "-p", f"{own}/", "-c", str(path), "-e", "stderr"),
        **as_account(stack_folder, str(program.parent)),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
        cwd=str(stack_folder.settings),
        probe=Probe("http", port, settings["health"], patience=PATIENCE_SECONDS),
        stop_signal="SIGQUIT",
        owned=True,
        labels=labels_of(resource, incarnation, {"endpoint": f"127.0.0.1:{port}"}),
    )
