"""What a folder holds, as a draft of a stack file.

In this order: what the project itself says of its processes (a Procfile), its framework, its Dockerfile, its pages.
"""

from collections.abc import Mapping
from dataclasses import replace

from infra_specs.errors import SpecError
from infra_specs.projects.containers import container_service, ruby_packages
from infra_specs.projects.draft import Draft, DraftService, Provider
from infra_specs.projects.folder import COMPOSE_FILES, STACK_FILES, Folder, Guess
from infra_specs.projects.health import health_of
from infra_specs.projects.leans_on import needs_of, variables_of
from infra_specs.projects.node_apps import built_pages, node_packages, node_service, package_json
from infra_specs.projects.procfile import procfile_services
from infra_specs.projects.python_apps import (
    PACKAGE_FILES,
    environment_steps,
    python_packages,
    web_service,
    worker_service,
)
from infra_specs.projects.static_pages import static_service

WANTED = (
    "a Dockerfile, a Procfile, manage.py, an app of FastAPI or Flask, a program app.py that reads PORT, "
    "package.json with a start script, or index.html"
)


MARKS = ("Dockerfile", "Procfile", "package.json", "manage.py", *PACKAGE_FILES)
"""Files that lie at the top of a project."""


def look(folder: Folder) -> Draft:
    """The draft. Raises SpecError if the folder is empty, has a stack file or a compose file, or nothing is known."""
    _refuse(folder)
    services, guesses, steps, provider = _services(folder)
    if not services:
        raise SpecError(
            f"Nothing in {folder.name} is known to start an app. Looked for: {WANTED}.\n{_elsewhere(folder)}"
            "Write the file by hand. The smallest one: tenfold init --help"
        )
    packages = _packages(folder)
    needs = dict(_needs(packages))
    env = variables_of(folder, needs)
    if env:
        services = tuple(replace(service, keys={**service.keys, "env": env}) for service in services)
        guesses += tuple(Guess(f"{name} is read by the code", "the sources") for name in env)
    secrets = [name["secret"] for name in env.values() if "secret" in name]
    steps += tuple(f"tenfold secret set STACK {name}" for name in secrets)
    if ".env" in folder.paths:
        steps += ("# .env is not read: set its secrets by `tenfold secret set`, and name the rest in `env`",)
    return Draft(services, provider, tuple(needs), (*guesses, *needs.values()), steps)


def _elsewhere(folder: Folder) -> str:
    """A line that names the folders below which look like projects of their own; empty if none does."""
    below = sorted(
        {path.rpartition("/")[0] for path in folder.paths if path.rpartition("/")[2] in MARKS and "/" in path}
    )
    return (
        f"There are projects below: {', '.join(below[:5])}. Go into one, and run tenfold init there.\n" if below else ""
    )


def _refuse(folder: Folder) -> None:
    if stack_file := folder.first(*STACK_FILES):
        raise SpecError(f"{stack_file} is there already, and init never overwrites. Look at: tenfold plan {stack_file}")
    if not folder.paths:
        raise SpecError(f"{folder.name} is empty. Go to the folder of your app, or try: tenfold demo")
    if compose := folder.first(*COMPOSE_FILES):
        raise SpecError(f"{compose} describes this project already. Make a stack file of it: tenfold import {compose}")


def _services(folder: Folder) -> tuple[tuple[DraftService, ...], tuple[Guess, ...], tuple[str, ...], Provider]:
    packages = python_packages(folder)
    if "Procfile" in folder.texts:
        programs = f"{folder.venv}/bin" if packages else ""
        services = procfile_services(folder.texts["Procfile"], "Procfile", health_of(folder)[0], programs)
        listed = ", ".join(service.name for service in services)
        return services, (Guess(f"processes {listed}", "Procfile"),), environment_steps(folder, packages), "local"
    if container := container_service(folder):
        return (container[0],), container[1], (), "docker"
    web, worker = web_service(folder, packages), worker_service(folder, packages)
    made = [part for part in (web, worker) if part]
    if made:
        guesses = tuple(guess for _, parts in made for guess in parts)
        return tuple(service for service, _ in made), guesses, environment_steps(folder, packages), "local"
    document = package_json(folder)
    if node := built_pages(folder, document) or node_service(folder, document):
        return (node[0],), node[1], node[2], "local"
    if static := static_service(folder):
        return (static[0],), static[1], (), "local"
    return (), (), (), "local"


def _packages(folder: Folder) -> Mapping[str, str]:
    return {**ruby_packages(folder), **node_packages(package_json(folder)), **python_packages(folder)}


def _needs(packages: Mapping[str, str]) -> list[tuple[str, Guess]]:
    by_file: dict[str, list[str]] = {}
    for package, file in packages.items():
        by_file.setdefault(file, []).append(package)
    return [need for file, names in by_file.items() for need in needs_of(names, file)]
