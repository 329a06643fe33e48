"""A Node project: its framework and the command that serves it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from infra_specs.projects.draft import DraftService
from infra_specs.projects.folder import Folder, Guess
from infra_specs.projects.health import health_of

FRAMEWORKS = {"next": "Next.js", "nuxt": "Nuxt", "express": "Express", "fastify": "Fastify", "koa": "Koa",
              "@nestjs/core": "NestJS", "@hapi/hapi": "hapi", "@sveltejs/kit": "SvelteKit"}  # fmt: skip
LISTENERS = ("server.js", "app.js", "index.js", "src/index.js", "src/server.js")


def package_json(folder: Folder) -> dict[str, Any]:
    """The project's package.json; empty if it has none that can be read."""
    try:
        document = json.loads(folder.texts.get("package.json", "{}"))
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def node_packages(document: Mapping[str, Any]) -> dict[str, str]:
    """The packages that it runs with, each with the file that names it."""
    dependencies = document.get("dependencies")
    return dict.fromkeys(dependencies, "package.json") if isinstance(dependencies, dict) else {}


def node_service(
    folder: Folder, document: Mapping[str, Any]
) -> tuple[DraftService, tuple[Guess, ...], tuple[str, ...]] | None:
    """The service that answers requests, what it was guessed from, and what must be done first; None if none does."""
    packages, scripts = node_packages(document), document.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    framework = next((label for name, label in FRAMEWORKS.items() if name in packages), "")
    command = _command(folder, document, scripts, packages)
    if not command:
        return None
    path, health_guess = health_of(folder)
    comments = {"port": "each replica is told its own port in PORT", "health": "answers 200 when it can take requests"}
    guess = Guess(f"a Node app{f' on {framework}' if framework else ''}", "package.json")
    steps = (
        [] if "node_modules" in folder.paths else ["npm ci" if "package-lock.json" in folder.paths else "npm install"]
    )
    steps += ["npm run build"] if "build" in scripts else []
    service = DraftService("web", {"command": command, "port": 8000, "health": path}, comments)
    return service, (guess, *((health_guess,) if health_guess else ())), tuple(steps)


def _command(
    folder: Folder, document: Mapping[str, Any], scripts: Mapping[str, Any], packages: Mapping[str, str]
) -> str:
    if "next" in packages:
        return "sh -c 'exec node_modules/.bin/next start -H 127.0.0.1 -p $PORT'"
    start = str(scripts.get("start", ""))
    if re.fullmatch(r"node [\w./-]+", start):
        return start  # without npm between, which passes no signal on
    if start:
        return "npm start"
    main = str(document.get("main", ""))
    entry = main if main in folder.paths else folder.first(*LISTENERS)
    return f"node {entry}" if entry else ""
