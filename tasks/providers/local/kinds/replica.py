"""The kinds `replica` and `job`: a service's own program, as one of its copies or once to its end."""

import os
import pwd
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra_specs.resources.resource import Resource
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import ports
from tasks.providers.local.accounts import reach, secret_files, stack_accounts
from tasks.providers.local.accounts.identity import as_account, give_volume
from tasks.providers.local.kinds.volume import volumes
from tasks.providers.local.stack_folder import StackFolder, slug
from tasks.supervisor.process import Probe, Process

_OWN_PATH = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The interpreter that we run in comes first, so `python` is the project's."""


def replica(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it: with a free port in PORT if it serves."""
    settings: Any = resource.settings
    port = _port(stack_folder, resource, incarnation) if settings["serves"] else None
    program = _program(stack_folder, resource, incarnation, port, {"endpoint": f"127.0.0.1:{port}"} if port else {})
    # Its predecessor has ended. Beside a job, or one of several replicas, another account may still write there.
    for volume in _volumes(stack_folder, settings["env"]) if resource.singleton else ():
        give_volume(stack_folder, volume)
    return replace(program, probe=Probe("http", port=port, path=settings["health"])) if port else program


def job(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it. Where replicas are given a port it is too: some programs do not even start without one."""
    port = _port(stack_folder, resource, incarnation) if resource.settings["port"] else None
    return replace(_program(stack_folder, resource, incarnation, port, {}), once=True)


def fault(stack_folder: StackFolder, resource: Resource) -> str:
    """Why it can never start here, or nothing; what its own PATH would be is not known while that is a reference."""
    return _checked(stack_folder, resource)[0]


def _checked(stack_folder: StackFolder, resource: Resource) -> tuple[str, tuple[reach.Need, ...]]:
    """Why it can never start here, or nothing; and what its account must be able to read, looked at once."""
    settings: Any = resource.settings
    if never := _fault(settings["command"], settings["folder"], _path(resource)):
        return never, ()
    needs = _needs(resource)
    if not stack_accounts.are_possible():
        return "", needs
    name, account = stack_accounts.name_of(stack_folder.home, stack_folder.stack), stack_folder.account
    return reach.fault(
        needs, stack_folder.home, stack_folder.programs_own, name, account.uid if account else None
    ), needs


def _port(stack_folder: StackFolder, resource: Resource, incarnation: int) -> int:
    return ports.take(stack_folder.home, stack_folder.stack, name_of(resource.address, incarnation))


def _program(
    stack_folder: StackFolder, resource: Resource, incarnation: int, port: int | None, outputs: dict[str, str]
) -> Process:
    """With nothing of the environment of who asked for it."""
    settings: Any = resource.settings
    variables = secret_files.environment(stack_folder, slug(resource.address, incarnation), settings["env"])
    env = _environment(stack_folder) | variables | ({"PORT": str(port)} if port else {})
    fault_text, needs = _checked(stack_folder, resource)
    # Without a way to what it may not read, it cannot start. Nothing that another account names is opened.
    reads = [need.path for need in needs if need.origin != "folder" and not (fault_text or need.named_by)]
    return Process(
        name=name_of(resource.address, incarnation),
        **as_account(stack_folder, *reads, writes=() if fault_text else (settings["folder"],)),
        argv=tuple(settings["command"]),
        env=env,
        cwd=settings["folder"],
        # What cannot be started will not be the next time either: say so at once.
        restarts=1 if fault_text else 5,
        needs=_told(resource),
        labels=labels_of(resource, incarnation, outputs) | {"fault": fault_text},
    )


def _told(resource: Resource) -> tuple[int, ...]:
    """The ports of the stack's own servers that its settings name."""
    outputs = ((str(ref).rpartition(".")[2], value) for ref, value in resource.bindings.items())
    return tuple(sorted(int(value) for output, value in outputs if output == "port"))


def _environment(stack_folder: StackFolder) -> dict[str, str]:
    """The same for every replica. HOME of an account of the stack's own is a folder that it may write to."""
    account = stack_folder.account
    if account:
        home, user = str(stack_folder.own), account.name
    else:
        entry = pwd.getpwuid(os.geteuid())
        home, user = entry.pw_dir, entry.pw_name
    return {"PATH": _OWN_PATH, "HOME": home, "USER": user, "LOGNAME": user, "LANG": "C.UTF-8", "TZ": "UTC"}


def _path(resource: Resource) -> str:
    settings: Any = resource.settings
    path = settings["env"].get("PATH")
    return path if isinstance(path, str) else _OWN_PATH


def _needs(resource: Resource) -> tuple[reach.Need, ...]:
    """What its account must be able to read."""
    settings: Any = resource.settings
    program = reach.program(settings["command"][0], settings["folder"], _path(resource))
    interpreter = (reach.Need(path, "tenfold") for path in reach.interpreter())
    return (reach.Need(settings["folder"], "folder"), *interpreter, *program)


def _volumes(stack_folder: StackFolder, env: Mapping[str, Any]) -> Iterator[Path]:
    """The volumes whose folders its environment names."""
    volume_paths = {volume.outputs["path"] for volume in volumes(stack_folder)}
    return (Path(value) for value in env.values() if isinstance(value, str) and value in volume_paths)


def _fault(command: list[str], folder: str, path: str) -> str:
    """Why it can never start, or nothing."""
    if not Path(folder).is_dir():
        return f"its folder {folder} is not there: correct `folder`, or make it"
    program = command[0]
    if "/" in program:
        is_executable = os.access(Path(folder) / program, os.X_OK)
        return "" if is_executable else f"its command {program} is not a program in {folder}: correct `command`"
    if shutil.which(program, path=path) is None:
        return f"its command {program} is not there: install it, or correct `command` (looked in {path})"
    return ""
