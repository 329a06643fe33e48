"""A Python project: its framework, the command that serves it, its workers."""

import re
import tomllib
from collections.abc import Mapping

from infra_specs.projects.draft import DraftService
from infra_specs.projects.folder import Folder, Guess
from infra_specs.projects.health import health_of

REQUIREMENT_FILES = ("requirements.txt", "requirements.in", "requirements/base.txt", "requirements/production.txt")
PACKAGE_FILES = ("pyproject.toml", *REQUIREMENT_FILES, "Pipfile", "setup.cfg", "setup.py")
SCRIPTS = ("app.py", "main.py", "server.py", "web.py", "run.py", "wsgi.py", "asgi.py")
APPS = {"FastAPI": "fastapi", "Starlette": "starlette", "Flask": "flask", "Quart": "quart"}
ASYNC_APPS = ("FastAPI", "Starlette", "Quart")
PORT_COMMENT = "it serves HTTP; each replica is told its own port in PORT"


def python_packages(folder: Folder) -> dict[str, str]:
    """The packages that the project asks for, each with the file that names it."""
    packages: dict[str, str] = {}
    for path in PACKAGE_FILES:
        if path in folder.texts:
            packages |= {name: path for name in _packages_in(path, folder.texts[path]) if name not in packages}
    return packages


def _packages_in(path: str, text: str) -> list[str]:
    if path == "pyproject.toml":
        try:
            return _declared(tomllib.loads(text))
        except tomllib.TOMLDecodeError:
            return []
    lines = re.findall(r"""^[\s"']*([A-Za-z0-9][A-Za-z0-9._-]*)""", text, re.MULTILINE)
    return [_normal(name) for name in lines]


def _declared(document: Mapping[str, object]) -> list[str]:
    project, poetry = document.get("project"), document.get("tool")
    requirements = project.get("dependencies", []) if isinstance(project, dict) else []
    names = [match[0] for text in requirements if (match := re.match(r"[A-Za-z0-9._-]+", str(text)))]
    if isinstance(poetry, dict) and isinstance(poetry.get("poetry"), dict):
        names += list(poetry["poetry"].get("dependencies", {}))
    return [_normal(name) for name in names]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def web_service(folder: Folder, packages: Mapping[str, str]) -> tuple[DraftService, tuple[Guess, ...]] | None:
    """The service that answers requests, and what it was guessed from; None if nothing looks like one."""
    found = _django(folder, packages) or _app_object(folder, packages) or _script(folder)
    if found is None:
        return None
    keys, guess = found
    path, health_guess = health_of(folder)
    keys |= {"port": 8000, "health": path}
    comments = {"port": PORT_COMMENT, "health": "answers 200 when a replica can take requests"}
    if health_guess is None:
        comments["health"] = "better a path of its own that answers 200 once the app can take requests"
    return DraftService("web", keys, comments), (guess, *((health_guess,) if health_guess else ()))


def _django(folder: Folder, packages: Mapping[str, str]) -> tuple[dict[str, object], Guess] | None:
    if "django" not in packages and "django" not in folder.texts.get("manage.py", ""):
        return None
    if "manage.py" not in folder.paths:
        return None
    program = f"{folder.venv}/bin"
    package = next((path.split("/")[0] for path in sorted(folder.paths) if re.fullmatch(r"[^/]+/wsgi\.py", path)), "")
    if "gunicorn" in packages and package:
        command = f"sh -c 'exec {program}/gunicorn --bind 127.0.0.1:$PORT {package}.wsgi'"
    else:
        command = f"sh -c 'exec {program}/python manage.py runserver --noreload 127.0.0.1:$PORT'"
    keys: dict[str, object] = {"command": command, "before": f"{program}/python manage.py migrate --noinput"}
    return keys, Guess("a Django app", "manage.py")


def _app_object(folder: Folder, packages: Mapping[str, str]) -> tuple[dict[str, object], Guess] | None:
    """An app object that a server is pointed to, such as `app = FastAPI()` in `main.py`."""
    for path, text in folder.sources(".py"):
        for framework in APPS:
            if match := re.search(rf"^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?{framework}\(", text, re.MULTILINE):
                command = _server(folder, packages, framework, f"{_module(path)}:{match[1]}", _top(folder, path))
                return {"command": command}, Guess(f"the {framework} app `{match[1]}`", path)
        if re.search(r"^def create_app\(", text, re.MULTILINE) and "flask" in packages:
            command = _server(folder, packages, "Flask", f"{_module(path)}:create_app()", _top(folder, path))
            return {"command": command}, Guess("a Flask app from `create_app`", path)
        if re.search(r"^def create_app\(", text, re.MULTILINE) and "fastapi" in packages:
            words = f"--factory {_app_folder('--app-dir', _top(folder, path))}{_module(path)}:create_app"
            command = f"sh -c 'exec {folder.venv}/bin/uvicorn --host 127.0.0.1 --port $PORT {words}'"
            return {"command": command}, Guess("a FastAPI app from `create_app`", path)
    return None


def _module(path: str) -> str:
    return path.removesuffix("/__init__.py").removesuffix(".py").removeprefix("src/").replace("/", ".")


def _top(folder: Folder, path: str) -> str:
    """The folder `src` where modules are looked for in it; empty where the project is installed, or has none."""
    return "src" if path.startswith("src/") and not {"pyproject.toml", "setup.py"} & folder.paths else ""


def _app_folder(option: str, top: str) -> str:
    return f"{option} {top} " if top else ""


def _server(folder: Folder, packages: Mapping[str, str], framework: str, app: str, top: str) -> str:
    program = f"{folder.venv}/bin"
    if framework in ASYNC_APPS:
        if "hypercorn" in packages and "uvicorn" not in packages:
            return f"sh -c 'exec {program}/hypercorn --bind 127.0.0.1:$PORT {app}'"
        return f"sh -c 'exec {program}/uvicorn --host 127.0.0.1 --port $PORT {_app_folder('--app-dir', top)}{app}'"
    if "gunicorn" in packages:
        return f"""sh -c 'exec {program}/gunicorn --bind 127.0.0.1:$PORT {_app_folder("--pythonpath", top)}"{app}"'"""
    if "waitress" in packages:
        call = app.endswith("()")
        return f"sh -c 'exec {program}/waitress-serve --listen=127.0.0.1:$PORT {'--call ' * call}{app.rstrip('()')}'"
    return f"""sh -c 'exec {program}/flask --app "{app}" run --host 127.0.0.1 --port $PORT'"""


def _script(folder: Folder) -> tuple[dict[str, object], Guess] | None:
    """A program that serves by itself: one that has the word PORT in it."""
    path = next((name for name in SCRIPTS if re.search(r"\bPORT\b", folder.texts.get(name, ""))), "")
    if not path:
        return None
    needs_packages = any(name in folder.paths for name in PACKAGE_FILES)
    python = f"{folder.venv}/bin/python" if needs_packages else "python"
    return {"command": f"{python} {path}"}, Guess("a program that reads PORT", path)


WORKERS = {
    "celery": "celery -A {app} worker --loglevel info",
    "rq": "rq worker --url $QUEUE_URL",
    "arq": "arq {app}.WorkerSettings",
    "dramatiq": "dramatiq {app}",
    "huey": "huey_consumer {app}.huey",
}
"""The command of a worker, by the package of its queue."""


def worker_service(folder: Folder, packages: Mapping[str, str]) -> tuple[DraftService, tuple[Guess, ...]] | None:
    """The service that does what is in the queue; None if no package is for a queue."""
    queue = next((name for name in WORKERS if name in packages), "")
    if not queue:
        return None
    app, file = _worker_module(folder, queue)
    words = f"{folder.venv}/bin/{WORKERS[queue].format(app=app)}"
    command = f"sh -c 'exec {words}'" if "$" in words else words
    keys = {"command": command, "replicas": 1}
    comments = {"replicas": "workers get no requests, so no users size them: say how many"}
    return DraftService("worker", keys, comments), (Guess(f"a worker of {queue}", file or packages[queue]),)


def _worker_module(folder: Folder, queue: str) -> tuple[str, str]:
    """The module that a worker is pointed to, and its file: the one that makes the queue's app, or has its tasks."""
    for pattern in (rf"\b{queue.capitalize()}\(", rf"^(from|import) {queue}\b"):
        for path, text in folder.sources(".py"):
            if re.search(pattern, text, re.MULTILINE):
                module = _module(path)
                return module.removesuffix(".celery"), path
    return "tasks", ""


def environment_steps(folder: Folder, packages: Mapping[str, str]) -> tuple[str, ...]:
    """What makes the virtual environment that the commands name; nothing if it is there, or nobody needs one."""
    if folder.has_venv or not packages:
        return ()
    make = f"python3 -m venv {folder.venv}"
    requirements = folder.first(*REQUIREMENT_FILES)
    install = f"-r {requirements}" if requirements else "."
    return (f"{make} && {folder.venv}/bin/pip install {install}",)
