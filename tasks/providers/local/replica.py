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
from tasks.providers.local import accounts, ports, reach, secret_files
from tasks.providers.local.identity import as_account, give_volume
from tasks.providers.local.stack_folder import Place, slug
from tasks.providers.local.volume import volumes
from tasks.supervisor.process import Probe, Process

_OWN_PATH = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The interpreter that we run in comes first, so `python` is the project's."""


def replica(place: Place, resource: Resource, incarnation: int) -> Process:
    """What runs it: with a free port in PORT if it serves."""
    settings: Any = resource.settings
    port = _port(place, resource, incarnation) if settings["serves"] else None
    program = _program(place, resource, incarnation, port, {"endpoint": f"127.0.0.1:{port}"} if port else {})
    # Its predecessor has ended. Beside a job, or one of several replicas, another account may still write there.
    for volume in _volumes(place, settings["env"]) if resource.exclusive else ():
        give_volume(place, volume)
    return replace(program, probe=Probe("http", port=port, path=settings["health"])) if port else program


def job(place: Place, resource: Resource, incarnation: int) -> Process:
    """What runs it. Where replicas are given a port it is too: some programs do not even start without one."""
    port = _port(place, resource, incarnation) if resource.settings["port"] else None
    return replace(_program(place, resource, incarnation, port, {}), once=True)


def fault(place: Place, resource: Resource) -> str:
    """Why it can never start here, or nothing; what its own PATH would be is not known while that is a reference."""
    return _checked(place, resource)[0]


def _checked(place: Place, resource: Resource) -> tuple[str, tuple[reach.Need, ...]]:
    """Why it can never start here, or nothing; and what its account must be able to read, looked at once."""
    settings: Any = resource.settings
    if never := _fault(settings["command"], settings["folder"], _path(resource)):
        return never, ()
    needs = _needs(resource)
    if not accounts.are_possible():
        return "", needs
    name, account = accounts.name_of(place.home, place.stack), place.account
    return reach.fault(needs, place.home, place.programs_own, name, account.uid if account else None), needs


def _port(place: Place, resource: Resource, incarnation: int) -> int:
    return ports.take(place.home, place.stack, name_of(resource.address, incarnation))


def _program(place: Place, resource: Resource, incarnation: int, port: int | None, outputs: dict[str, str]) -> Process:
    """With nothing of the environment of who asked for it."""
    settings: Any = resource.settings
    given = secret_files.environment(place, slug(resource.address, incarnation), settings["env"])
    env = _environment(place) | given | ({"PORT": str(port)} if port else {})
    never, needs = _checked(place, resource)
    # Without a way to what it may not read, it cannot start. Nothing that another account names is opened.
    reads = [need.path for need in needs if need.origin != "folder" and not (never or need.named_by)]
    return Process(
        name=name_of(resource.address, incarnation),
        **as_account(place, *reads, writes=() if never else (settings["folder"],)),
        argv=tuple(settings["command"]),
        env=env,
        cwd=settings["folder"],
        # What cannot be started will not be the next time either: say so at once.
        restarts=1 if never else 5,
        needs=_told(resource),
        labels=labels_of(resource, incarnation, outputs) | {"fault": never},
    )


def _told(resource: Resource) -> tuple[int, ...]:
    """The ports of the stack's own servers that its settings name."""
    outputs = ((str(ref).rpartition(".")[2], value) for ref, value in resource.bindings.items())
    return tuple(sorted(int(value) for output, value in outputs if output == "port"))


def _environment(place: Place) -> dict[str, str]:
    """The same for every replica. HOME of an account of the stack's own is a folder that it may write to."""
    account = place.account
    if account:
        home, user = str(place.own), account.name
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
    own = (reach.Need(path, "tenfold") for path in reach.interpreter())
    return (reach.Need(settings["folder"], "folder"), *own, *program)


def _volumes(place: Place, env: Mapping[str, Any]) -> Iterator[Path]:
    """The volumes whose folders its environment names."""
    known = {volume.outputs["path"] for volume in volumes(place)}
    return (Path(value) for value in env.values() if isinstance(value, str) and value in known)


def _fault(command: list[str], folder: str, path: str) -> str:
    """Why it can never start, or nothing."""
    if not Path(folder).is_dir():
        return f"its folder {folder} is not there: correct `folder`, or make it"
    program = command[0]
    if "/" in program:
        found = os.access(Path(folder) / program, os.X_OK)
        return "" if found else f"its command {program} is not a program in {folder}: correct `command`"
    if shutil.which(program, path=path) is None:
        return f"its command {program} is not there: install it, or correct `command` (looked in {path})"
    return ""
