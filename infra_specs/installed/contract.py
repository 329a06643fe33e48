"""Whether a project keeps what every app promises to Tenfold, as far as its files and its stack file say."""

import re
from collections.abc import Iterator

from infra_specs.installed.check import Check
from infra_specs.projects.folder import Folder
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack

SOURCES = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", "Dockerfile", "Procfile", ".toml", ".json")
SECRET_NAMES = re.compile(r"PASSWORD|PASSWD|SECRET|TOKEN|PRIVATE|API_?KEY|ACCESS_?KEY")
MIGRATIONS = {"manage.py": "python manage.py migrate", "alembic.ini": "alembic upgrade head",
              "prisma/schema.prisma": "npx prisma migrate deploy", "db/migrate": "bin/rails db:migrate"}  # fmt: skip
LOOPBACK = re.compile(r"""["' =]127\.0\.0\.1[:"' ]|["']localhost["']""")


def contract_checks(folder: Folder, stack: Stack) -> tuple[Check, ...]:
    """Every point of the contract, service by service."""
    return tuple(check for name, service in stack.services.items() for check in _service(folder, stack, name, service))


def _service(folder: Folder, stack: Stack, name: str, service: Service) -> Iterator[Check]:
    command = " ".join(service.command or ())
    in_container = stack.target.runs == "containers"
    if service.port is not None:
        yield _port(folder, name, command)
        yield _address(folder, name, command, in_container=in_container)
        yield _health(folder, name, service)
    yield _signals(folder, name, service, command)
    yield _logs(folder, name)
    yield _data(folder, name, service)
    yield _hooks(folder, name, service)
    yield from _secrets(name, service)


def _port(folder: Folder, name: str, command: str) -> Check:
    point = f"{name}: listens where PORT says"
    if re.search(r"\$\{?PORT\b", command):
        return Check(point, "ok", "PORT is in its command")
    if path := _source_with(folder, r"\bPORT\b"):
        return Check(point, "ok", f"{path} reads PORT")
    advice = "read PORT from the environment, or give it to the server: sh -c 'exec ... --port $PORT'"
    return Check(point, "fault", "neither its command nor its sources name PORT", advice)


def _address(folder: Folder, name: str, command: str, *, in_container: bool) -> Check:
    point = f"{name}: listens on the right address"
    if in_container and LOOPBACK.search(f" {command} "):
        return Check(
            point, "fault", "its command has 127.0.0.1", "listen on 0.0.0.0: in a container loopback is its own"
        )
    if not in_container and (re.search(r"0\.0\.0\.0", command) or _source_with(folder, r"""["']0\.0\.0\.0["']""")):
        return Check(point, "note", "it listens on every address", "listen on 127.0.0.1: only the proxy shall reach it")
    return Check(point, "ok", "0.0.0.0 in a container, 127.0.0.1 elsewhere")


def _health(folder: Folder, name: str, service: Service) -> Check:
    path = service.health.path
    point = f"{name}: answers 200 at its health path"
    if path == "/":
        advice = "give it a path of its own that answers 200 once it can take requests, and does not ask the database"
        return Check(point, "note", "its health path is /, a page like any other", advice)
    if source := _source_with(folder, re.escape(path.strip("/"))):
        return Check(point, "ok", f"{source} names {path}")
    return Check(point, "fault", f"no source names {path}", "answer 200 there, or give the right path as `health`")


def _signals(folder: Folder, name: str, service: Service, command: str) -> Check:
    point = f"{name}: ends on SIGTERM"
    if command.startswith(("npm ", "yarn ", "pnpm ")):
        return Check(
            point, "note", f"{command.split(maxsplit=1)[0]} stands between", "start node itself: it passes no signal on"
        )
    if re.match(r"(ba|da)?sh -c", command) and "exec " not in command:
        return Check(point, "note", "a shell stands between", "let the shell be replaced: sh -c 'exec ...'")
    starts = re.findall(r"^\s*(?:CMD|ENTRYPOINT)\s+(.*)$", folder.texts.get("Dockerfile", ""), re.MULTILINE)
    if service.build and not command and starts and not starts[-1].startswith("["):
        advice = 'write it as a list: CMD ["program", "word"]'
        return Check(point, "note", "CMD in the Dockerfile is a line, which a shell runs", advice)
    return Check(point, "ok", "nothing stands between")


def _logs(folder: Folder, name: str) -> Check:
    point = f"{name}: logs to stdout"
    if path := _source_with(folder, r"(Rotating|TimedRotating|Watched)?FileHandler\(|transports\.File\("):
        return Check(point, "note", f"{path} logs into a file", "log to stdout or stderr: `tenfold logs` reads these")
    return Check(point, "ok", "no source logs into a file")


def _data(folder: Folder, name: str, service: Service) -> Check:
    point = f"{name}: keeps data where it lasts"
    path = _source_with(
        folder, r"sqlite:///(?!/)|sqlite3\.connect\(\s*[\"'](?!/|:memory:)|django\.db\.backends\.sqlite3"
    )
    if path and not service.volumes:
        advice = (
            "use `needs: {database: postgres}`, or a folder in `volumes`: the next release has not this one's files"
        )
        return Check(point, "fault", f"{path} has an SQLite database in the folder of the code", advice)
    return Check(point, "ok", f"in volumes: {', '.join(service.volumes)}" if service.volumes else "none in its folder")


def _hooks(folder: Folder, name: str, service: Service) -> Check:
    point = f"{name}: migrates before it serves"
    tools = [
        path for path in MIGRATIONS if any(known == path or known.startswith(f"{path}/") for known in folder.paths)
    ]
    if tools and service.before is None and service.port is not None:
        return Check(point, "note", f"{tools[0]} is there, and no `before`", f"before: {MIGRATIONS[tools[0]]}")
    return Check(point, "ok", "`before` does" if service.before else "nothing to migrate was seen")


def _secrets(name: str, service: Service) -> Iterator[Check]:
    for variable, value in service.env.items():
        if isinstance(value, str) and SECRET_NAMES.search(variable):
            advice = f"{variable}: {{secret: {variable.lower()}}}, and tenfold secret set"
            yield Check(f"{name}: keeps secrets out of the file", "fault", f"{variable} is written out", advice)


def _source_with(folder: Folder, pattern: str) -> str:
    """The first source with this pattern; empty if there is none."""
    return next((path for path, text in folder.sources(*SOURCES) if re.search(pattern, text)), "")
