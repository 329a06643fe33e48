"""What a program must be able to read to start at all, and whether the stack's account can be let in there."""

import os
import pwd
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tasks.supervisor import kernel
from tasks.supervisor.confine import is_closed, is_readable, trace

_HOME = re.compile(r"^home *= *(/.*?) *$", re.MULTILINE)
"""Where a virtual environment says its Python is."""
_ANYBODY = 65534
_MOST_SCRIPTS = 4
"""A script's interpreter may be a script."""


def interpreter() -> tuple[str, ...]:
    """Our own Python with its packages, which is the `python` of every program on this target."""
    packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    return _outermost([sys.prefix, sys.base_prefix, str(Path(sys.executable).parent), *packages])


def program(command: str, folder: str, path: str) -> tuple[str, ...]:
    """The program of a command, with the installation that it belongs to, and the interpreter of a script."""
    found: list[str] = []
    for _ in range(_MOST_SCRIPTS):
        file = str(Path(folder) / command) if "/" in command else shutil.which(command, path=path)
        if not file or not Path(file).is_file():
            break
        found += [file, *_installation(Path(file))]
        command = _interpreter_of(file)
        if not command:
            break
    return _outermost(found)


def fault(reads: Iterable[str], own: Path, account: str, uid: int | None) -> str:
    """Why this account can never read one of these paths or reach its own folder, or nothing.

    `uid` is its number if it has been made. A path that is not there is no fault of this.
    """
    paths, links = trace(reads)
    for path in paths:
        if not (is_readable(path, uid) or _is_shown(path, own)):
            return _sentence(path, path, account)
    if not kernel.is_capable(kernel.CAP_SYS_ADMIN):
        for path in (*paths, *links, str(own)):
            for parent in reversed(Path(path).parents):
                if parent.exists() and is_closed(str(parent)):
                    return _sentence(path, str(parent), account)
    return ""


def _sentence(path: str, closed: str, account: str) -> str:
    bits = "o+rx" if path == closed and Path(closed).is_dir() else "o+r" if path == closed else "o+x"
    return (
        f"it runs as the account {account}, which cannot read {path} because {closed} is closed to other accounts: "
        f"run `chmod {bits} {closed}`, or move {path} to a folder that every account may enter, such as /srv"
    )


def _is_shown(path: str, own: Path) -> bool:
    """Whether a path that its owner alone can read may be shown to an account, and can be on this machine.

    Not the whole home of an account of the machine, nor anything of ours: a program has no business with their keys.
    """
    homes = {"/", *(entry.pw_dir for entry in pwd.getpwall())}
    if path in homes or Path(path).is_relative_to(own.resolve()) or not kernel.is_capable(kernel.CAP_SYS_ADMIN):
        return False
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        os.close(kernel.map_owner(handle, (_ANYBODY, _ANYBODY)))
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _installation(file: Path) -> Iterator[str]:
    """The folder around a program's `bin`, if it holds its libraries, too. Not a home's `.local`: it holds more."""
    for prefix in dict.fromkeys((file.parent.parent, file.resolve().parent.parent)):
        environment = prefix / "pyvenv.cfg"
        has_libraries = (prefix / "lib").is_dir() and prefix.name != ".local" and is_readable(str(prefix))
        if has_libraries or environment.is_file():
            yield str(prefix)
        if environment.is_file() and (found := _HOME.search(environment.read_text(errors="replace"))):
            yield str(Path(found[1]).parent)


def _interpreter_of(file: str) -> str:
    """What a script's first line names; empty if it is none."""
    try:
        with Path(file).open("rb") as script:
            line = script.readline(256)
    except OSError:
        return ""
    words = line[2:].split() if line.startswith(b"#!") else []
    if words and os.path.basename(words[0]) == b"env":  # noqa: PTH119 - bytes
        words = [word for word in words[1:] if not word.startswith(b"-") and b"=" not in word]
    return os.fsdecode(words[0]) if words else ""


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Each once, and none that lies in another by its own name."""
    found = dict.fromkeys(paths)
    return tuple(path for path in found if not any(str(parent) in found for parent in Path(path).parents))
