"""What a program must be able to read to start at all, and whether the stack's account can be let in there."""

import os
import pwd
import re
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tasks.supervisor import syscalls
from tasks.supervisor.confine import foreign_link, is_closed, is_readable, trace

_HOME = re.compile(r"^home *= *(/.*?) *$", re.MULTILINE)
"""Where a virtual environment says its Python is."""
_ANYBODY = 65534
_MOST_SCRIPTS = 4
"""A script's interpreter may be a script."""


@dataclass(frozen=True, slots=True)
class Need:
    """A path that a program must be able to read to start."""

    path: str
    origin: Literal["tenfold", "folder", "program"]
    """Tenfold's own, the folder that the spec names, or of the program that it names."""
    named_by: str = ""
    """The file or link that names it, if another account than root's or ours can change that: it opens no way."""


def interpreter() -> tuple[str, ...]:
    """Our own Python with its packages, which is the `python` of every program on this target."""
    packages = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    return _outermost([sys.prefix, sys.base_prefix, str(Path(sys.executable).parent), *packages])


def program(command: str, folder: str, path: str) -> tuple[Need, ...]:
    """The program of a command, with the installation that it belongs to, and the interpreter of a script."""
    needs: list[Need] = []
    named_by = ""
    for _ in range(_MOST_SCRIPTS):
        file = str(Path(folder) / command) if "/" in command else shutil.which(command, path=path)
        if not file or not Path(file).is_file():
            break
        needs += [Need(file, "program", named_by), *_installation(Path(file), named_by)]
        named_by = named_by or _foreign(file)
        command = _interpreter_of(file)
        if not command:
            break
    trusted = set(_outermost(need.path for need in needs if not need.named_by))
    return tuple(dict.fromkeys(need for need in needs if need.named_by or need.path in trusted))


def fault(needs: Iterable[Need], home: Path, own_folders: Iterable[Path], account: str, uid: int | None) -> str:
    """Why this account can never read one of these paths or reach its own folders, or nothing.

    `home` is TENFOLD_HOME and `own` what the stack's programs may be given of it. `uid` is the account's number if it
    has been made. A path that is not there is no fault of this.
    """
    needs, inside = list(needs), home.resolve()
    real_paths = _real(need.path for need in needs if not _source(need))
    ours = _real(need.path for need in needs if need.origin == "tenfold")
    allowed = [
        *map(str, (path.resolve() for path in own_folders)),
        *(path for path in ours if _is_below(path, [str(inside)])),
    ]
    folder = _real(need.path for need in needs if need.origin == "folder")
    shown = [path for path in folder if not is_readable(path, uid) and _is_shown(path, inside)]
    for need in needs:
        paths, links = trace([need.path])
        for path in (*paths, *links):
            if need.origin != "tenfold" and _is_below(path, [str(inside)]) and not _is_below(path, allowed):
                return _sentence_of_ours(path, account)
        for path in paths:
            if source := _source(need):
                if not _is_below(path, real_paths) and (closed := _closed(path, uid)):
                    return _sentence_of_source(source, path, closed, account)
            elif not (is_readable(path, uid) or _is_below(path, shown)):
                return _sentence(path, path, account)
    if not syscalls.is_capable(syscalls.CAP_SYS_ADMIN):
        real, links = trace(need.path for need in needs)
        for path in (*real, *links, str(home)):
            if closed := _closed_parent(path):
                return _sentence(path, closed, account)
    return ""


def _source(need: Need) -> str:
    """The file or link that leads to it and is neither root's nor ours; empty if there is none."""
    return need.named_by or foreign_link(need.path)


def _foreign(file: str) -> str:
    """The file or a link to it, if another account than root's or ours can change what it says; else empty."""
    if link := foreign_link(file):
        return link
    status = Path(file).stat()
    is_open = status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid != 0)
    return file if is_open or status.st_uid not in (0, os.geteuid()) else ""


def _real(paths: Iterable[str]) -> list[str]:
    return trace(paths)[0]


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def _closed(path: str, uid: int | None) -> str:
    """Itself or the first folder above it that is closed to this account; empty if there is none."""
    return _closed_parent(path) or ("" if is_readable(path, uid) else path)


def _closed_parent(path: str) -> str:
    parents = (str(parent) for parent in reversed(Path(path).parents) if parent.exists())
    return next((parent for parent in parents if is_closed(parent)), "")


def _sentence_of_ours(path: str, account: str) -> str:
    return (
        f"it runs as the account {account}, which is let in to nothing of Tenfold's own such as {path}: "
        "name a folder outside of TENFOLD_HOME"
    )


def _sentence_of_source(source: str, path: str, closed: str, account: str) -> str:
    trust = f"chown -h root {source}" if Path(source).is_symlink() else f"chown root {source} && chmod go-w {source}"
    return (
        f"it runs as the account {account}, which cannot read {path} because {closed} is closed to other accounts, and "
        f"{source}, which leads there, can be changed by another account than root: run `{trust}` if you trust it, "
        f"or move {path} to a folder that every account may enter, such as /srv"
    )


def _sentence(path: str, closed: str, account: str) -> str:
    bits = "o+rx" if path == closed and Path(closed).is_dir() else "o+r" if path == closed else "o+x"
    return (
        f"it runs as the account {account}, which cannot read {path} because {closed} is closed to other accounts: "
        f"run `chmod {bits} {closed}`, or move {path} to a folder that every account may enter, such as /srv"
    )


def _is_shown(path: str, home: Path) -> bool:
    """Whether a path that its owner alone can read may be shown to an account, and can be on this machine.

    Not the whole home of an account of the machine, nor anything of ours: a program has no business with their keys.
    """
    if path in _homes() or Path(path).is_relative_to(home) or not syscalls.is_capable(syscalls.CAP_SYS_ADMIN):
        return False
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        os.close(syscalls.map_owner(handle, (_ANYBODY, _ANYBODY)))
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _installation(file: Path, named_by: str) -> Iterator[Need]:
    """The folder around a program's `bin`, if it holds its libraries, too. A home or its `.local` holds more."""
    program_files = {file: named_by, file.resolve(): named_by or foreign_link(str(file))}
    for program_file, source in program_files.items():
        prefix = _prefix(program_file.parent)
        if prefix is None:
            continue
        environment = prefix / "pyvenv.cfg"
        has_libraries = (prefix / "lib").is_dir() and prefix.name != ".local" and is_readable(str(prefix))
        if has_libraries or environment.is_file():
            yield Need(str(prefix), "program", source)
        if environment.is_file() and (home_line := _HOME.search(environment.read_text(errors="replace"))):
            base = _prefix(Path(home_line[1]))
            if base is not None:
                yield Need(str(base), "program", source or _foreign(str(environment)))


def _prefix(folder: Path) -> Path | None:
    """Whose `bin` this folder is; None if it is none, or that of the whole machine or of an account's home."""
    prefix = folder.parent
    return prefix if folder.name in ("bin", "sbin") and str(prefix) not in _homes() else None


def _homes() -> set[str]:
    return {"/", *(entry.pw_dir for entry in pwd.getpwall())}


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
    unique = dict.fromkeys(paths)
    return tuple(path for path in unique if not any(str(parent) in unique for parent in Path(path).parents))
