"""A service's own program, which replicas and jobs run: as whom, with which environment, and whether it can start."""

import os
import pwd
import shutil
import sys
from pathlib import Path
from typing import Any

from infra_specs.resources.resource import Resource
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import ports
from tasks.providers.local.accounts import reach, secret_files, stack_accounts
from tasks.providers.local.accounts.identity import as_account
from tasks.providers.local.stack_folder import StackFolder, slug
from tasks.supervisor.process import Process

_OWN_PATH = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The interpreter that we run in comes first, so `python` is the project's."""
_OF_SHELLS = (".", "cd", "eval", "exec", "export", "set", "source", "ulimit", "umask")
"""Commands that are in a shell, and no program elsewhere."""


def fault(stack_folder: StackFolder, resource: Resource) -> str:
    """Why it can never start here, or nothing; what its own PATH would be is not known while that is a reference."""
    return _checked(stack_folder, resource)[0]


def hint(resource: Resource) -> str:
    """That the folder has a program of its own by that name, which is not the one that runs; or nothing."""
    settings: Any = resource.settings
    name = settings["command"][0]
    if not (own := _own_program(settings["folder"], name)) or _path(resource) != _OWN_PATH:
        return ""
    return f"`{name}` is not the {own} that its folder has: if that is meant, write {own}"


def _checked(stack_folder: StackFolder, resource: Resource) -> tuple[str, tuple[reach.Need, ...]]:
    """Why it can never start here, or nothing; and what its account must be able to read, looked at once."""
    settings: Any = resource.settings
    if never := _fault(settings["command"], _folder(stack_folder, settings), _path(resource)):
        return never, ()
    needs = _needs(resource)
    if not stack_accounts.are_possible():
        return "", needs
    name, account = stack_accounts.name_of(stack_folder.home, stack_folder.stack), stack_folder.account
    return reach.fault(
        needs, stack_folder.home, stack_folder.programs_own, name, account.uid if account else None
    ), needs


def port_of(stack_folder: StackFolder, resource: Resource, incarnation: int) -> int:
    """A free port of its own, the same whenever it is asked."""
    return ports.take(stack_folder.home, stack_folder.stack, name_of(resource.address, incarnation))


def program(
    stack_folder: StackFolder, resource: Resource, incarnation: int, port: int | None, outputs: dict[str, str]
) -> Process:
    """What runs it, with nothing of the environment of who asked for it."""
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
        cwd=_folder(stack_folder, settings),
        # What cannot be started will not be the next time either: say so at once.
        restarts=1 if fault_text else 5,
        needs=_named_ports(resource),
        owned=True,
        labels=labels_of(resource, incarnation, outputs) | {"fault": fault_text},
    )


def _folder(stack_folder: StackFolder, settings: Any) -> str:
    """Where it runs: in its release's copy of the folder, once that is made."""
    copy = stack_folder.code / settings.get("code", "")
    return str(copy) if settings.get("code") and copy.is_dir() else settings["folder"]


def _named_ports(resource: Resource) -> tuple[int, ...]:
    """The ports of the stack's own servers that its settings name."""
    outputs = ((str(reference).rpartition(".")[2], value) for reference, value in resource.bindings.items())
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
    own = reach.program(settings["command"][0], settings["folder"], _path(resource))
    interpreter = (reach.Need(path, "tenfold") for path in reach.interpreter())
    return (reach.Need(settings["folder"], "folder"), *interpreter, *own)


def _fault(command: list[str], folder: str, path: str) -> str:
    """Why it can never start, or nothing."""
    if not Path(folder).is_dir():
        return f"its folder {folder} is not there: correct `folder`, or make it"
    name = command[0]
    if "/" in name:
        is_executable = os.access(Path(folder) / name, os.X_OK)
        return "" if is_executable else f"its command {name} is not a program in {folder}: correct `command`"
    if shutil.which(name, path=path) is None:
        return f"its command {name} {_absence(folder, name, path)}"
    return ""


def _absence(folder: str, name: str, path: str) -> str:
    """Of a name that no program has: what is there, and what to write."""
    variable, equals, _ = name.partition("=")
    if equals:
        return f"is for a shell alone: write {variable} under `env`"
    if name in _OF_SHELLS:
        return f"is for a shell alone: write sh -c '…'{', or set `folder`' if name == 'cd' else ''}"
    if own := _own_program(folder, name):
        return f"is not there, but {own} is in its folder: write {own}"
    return f"is not there: install it, or correct `command` (looked in {path})"


def _own_program(folder: str, name: str) -> str:
    """A program by this name in a virtual environment or the Node.js packages of the folder, as its path there."""
    environments = sorted(marker.parent.name for marker in Path(folder).glob("*/pyvenv.cfg"))
    paths = (f"{environment}/bin/{name}" for environment in environments)
    candidates = () if "/" in name else (*paths, f"node_modules/.bin/{name}")
    return next((path for path in candidates if os.access(Path(folder) / path, os.X_OK)), "")
