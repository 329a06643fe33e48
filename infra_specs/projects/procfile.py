"""A Procfile: a service for each line, `web` with a port, `release` as what runs before a release gets requests."""

import re
import shlex
from collections.abc import Iterator

from infra_specs.errors import SpecError
from infra_specs.projects.draft import DraftService, stack_name

_LINE = re.compile(r"^([A-Za-z0-9_-]+):\s*(.+?)\s*$")
_NEEDS_A_SHELL = re.compile(r"[$&|;<>*`~(]|^\w+=")
_JOINED = re.compile(r"&&|\|\||;|^\w+=")
BUILTINS = ("cd", "exec", "export", "set", "ulimit", "source", ".")
"""Words that are no programs: only a shell knows them."""
PYTHON_PROGRAMS = (
    "python", "python3", "gunicorn", "uvicorn", "hypercorn", "daphne", "waitress-serve", "flask", "django-admin",
    "celery", "rq", "dramatiq", "arq", "huey_consumer", "alembic", "streamlit", "fastapi", "litestar", "pserve",
    "uwsgi",
)  # fmt: skip
"""Programs that Python packages bring, which are in the virtual environment."""
WORKER_COMMENT = "workers get no requests, so no users size them: say how many"


def procfile_services(text: str, file: str, health: str, programs: str = "") -> tuple[DraftService, ...]:
    """The services of a Procfile. `programs` is the folder of its own programs, as `.venv/bin`; it may be empty.

    Raises SpecError that names the first line which is none of a Procfile, or says that there is no line at all.
    """
    lines = dict(_lines(text, file))
    release = lines.pop("release", "")
    if not lines:
        raise SpecError(f"{file} has no process. A Procfile has lines such as `web: gunicorn app:app`.")
    return tuple(_service(name, command, release, health, programs) for name, command in lines.items())


def _lines(text: str, file: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            raise SpecError(f"{file}, line {number}: `{line.strip()}` is no process. Write `name: command`.")
        yield match[1], match[2]


def _service(name: str, command: str, release: str, health: str, programs: str) -> DraftService:
    keys: dict[str, object] = {"command": without_shell(command, programs)}
    comments = {}
    if name == "web":
        keys |= {"port": 8000, "health": health}
        comments = {
            "port": "each replica is told its own port in PORT",
            "health": "answers 200 when it can take requests",
        }
        if release:
            keys["before"] = without_shell(release, programs)
            comments["before"] = "the Procfile's `release`: run once with each new release"
    else:
        keys["replicas"] = 1
        comments["replicas"] = WORKER_COMMENT
    return DraftService(stack_name(name), keys, comments)


def without_shell(command: str, programs: str) -> str:
    """A line of a Procfile as a command of a stack file, which no shell reads: with a shell where one is needed."""
    word = command.split(maxsplit=1)[0]
    if word in BUILTINS or _JOINED.search(command):
        path = f'PATH="$PWD/{programs}:$PATH"; ' if programs else ""
        return f"sh -c {shlex.quote(path + command)}"
    if programs and word in PYTHON_PROGRAMS:
        command = f"{programs}/{command}"
    return f"sh -c {shlex.quote(f'exec {command}')}" if _NEEDS_A_SHELL.search(command) else command
