"""An Envoy as a process of a stack: its folder, its options, as whom it runs."""

import os
import resource as limits
from collections.abc import Mapping
from pathlib import Path

from infra_specs.resources.resource import Resource
from infra_specs.sizing.connections import connection_limit
from tasks.providers import machine
from tasks.providers.envoy.files import DRAINING, bootstrap
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import binaries
from tasks.providers.local.accounts.identity import as_account, refuse_closed
from tasks.providers.local.envoy import admin
from tasks.providers.local.files import make_folder, remove_any, write_json
from tasks.providers.local.patience import PATIENCE_SECONDS
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor.process import Probe, Process

_MANY_FILES = 2**20
"""Where nothing bounds them; Linux bounds them here by itself."""
_ADMIN_ADDRESS = {"pipe": {"path": admin.SOCKET, "mode": 0o600}}
_OPTIONS = ("--disable-hot-restart", "--reject-unknown-dynamic-fields", *DRAINING)


def make_folder_of_envoy(stack_folder: StackFolder) -> Path:
    """The account reads it, for it watches it for changes; only who runs us writes there."""
    account = stack_folder.account
    return (
        make_folder(stack_folder.proxy, 0o750, (os.geteuid(), account.gid))
        if account
        else make_folder(stack_folder.proxy)
    )


def envoy_process(
    stack_folder: StackFolder,
    resource: Resource,
    incarnation: int,
    outputs: Mapping[str, str],
    *,
    port: int = 0,
    writes: tuple[str, ...] = (),
) -> Process:
    """What runs it, with the files that are in its folder already.

    `port`: one on loopback that it must serve to be well. `writes`: what it reaches besides what is the stack's own.
    """
    folder, owner = stack_folder.proxy, stack_folder.owner
    make_folder((folder / admin.SOCKET).parent, owner=owner)
    remove_any(folder / admin.SOCKET)
    write_json(folder / "bootstrap.json", bootstrap(stack_folder.stack, folder, _ADMIN_ADDRESS), owner=owner)
    program = binaries.envoy()
    refuse_closed(stack_folder, resource, str(program.parent))
    threads = ("--concurrency", str(min(os.cpu_count() or 1, 4)))
    return Process(
        name=name_of(resource.address, incarnation),
        **as_account(stack_folder, str(program.parent), writes=writes),
        low_ports=True,
        owned=True,
        argv=(str(program), "-c", str(folder / "bootstrap.json"), *_OPTIONS, *threads, "-l", "warning"),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
        cwd=str(folder),  # its sockets are named from here: the whole path may be longer than a socket's may be
        probe=Probe("socket", port, str(folder / admin.SOCKET), patience=PATIENCE_SECONDS),
        labels=labels_of(resource, incarnation, outputs),
    )


def connections() -> int:
    """By this machine's memory and the files that a program started from here may open: the proxy takes them all."""
    memory = machine.free_memory()
    files = limits.getrlimit(limits.RLIMIT_NOFILE)[1]
    return connection_limit(memory.total if memory else 0, files if files != limits.RLIM_INFINITY else _MANY_FILES)
