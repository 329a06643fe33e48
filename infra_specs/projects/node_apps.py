"""A Node project: its framework and the command that serves it."""

import json
import re
from collections.abc import Mapping
from typing import Any

from infra_specs.projects.draft import DraftService
from infra_specs.projects.folder import Folder, Guess
from infra_specs.projects.health import health_of
from infra_specs.projects.static_pages import pages_service

FRAMEWORKS = {"next": "Next.js", "nuxt": "Nuxt", "express": "Express", "fastify": "Fastify", "koa": "Koa",
              "@nestjs/core": "NestJS", "@hapi/hapi": "hapi", "@sveltejs/kit": "SvelteKit"}  # fmt: skip
_LOCKS = (
    ("pnpm-lock.yaml", "pnpm", "pnpm install --frozen-lockfile"),
    ("yarn.lock", "yarn", "yarn install --frozen-lockfile"),
    ("package-lock.json", "npm", "npm ci"),
)
"""The lock file, its tool, and what installs by it."""
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
    service = DraftService("web", {"command": command, "port": 8000, "health": path}, comments)
    return service, (guess, *((health_guess,) if health_guess else ())), _steps(folder, scripts)


def built_pages(
    folder: Folder, document: Mapping[str, Any]
) -> tuple[DraftService, tuple[Guess, ...], tuple[str, ...]] | None:
    """The service of a site whose pages a build makes: Vite, or Next.js that exports. None if neither does."""
    scripts, tools = document.get("scripts"), document.get("devDependencies")
    scripts, tools = scripts if isinstance(scripts, dict) else {}, tools if isinstance(tools, dict) else {}
    packages = node_packages(document)
    settings = next((path for path in sorted(folder.texts) if re.fullmatch(r"next\.config\.\w+", path)), "")
    if settings and re.search(r"""output\s*:\s*["']export["']""", folder.texts[settings]):
        return pages_service("out"), (Guess("pages that Next.js exports to out", settings),), _steps(folder, scripts)
    if "vite" in {**tools, **packages} and "index.html" in folder.paths and "start" not in scripts:
        return (
            pages_service("dist"),
            (Guess("pages that Vite builds in dist", "package.json"),),
            _steps(folder, scripts),
        )
    return None


def _steps(folder: Folder, scripts: Mapping[str, Any]) -> tuple[str, ...]:
    """What installs the packages, and builds; nothing of what is there."""
    tool, install = next(
        ((tool, words) for lock, tool, words in _LOCKS if lock in folder.paths), ("npm", "npm install")
    )
    steps = () if "node_modules" in folder.paths else (install,)
    return (*steps, f"{tool} run build") if "build" in scripts else steps


def _command(
    folder: Folder, document: Mapping[str, Any], scripts: Mapping[str, Any], packages: Mapping[str, str]
) -> str:
    if "next" in packages:
        return "sh -c 'exec node_modules/.bin/next start -H 127.0.0.1 -p $PORT'"
    start = str(scripts.get("start", ""))
    if re.fullmatch(r"node [\w./-]+", start):
        return start  # without npm between, which passes no signal on
    if re.fullmatch(r"(\w+=[\w./-]*\s+)+node [\w./-]+", start):
        return f"env {start}"
    if start:
        return "npm start"
    main = str(document.get("main", ""))
    entry = main if main in folder.paths else folder.first(*LISTENERS)
    return f"node {entry}" if entry else ""
