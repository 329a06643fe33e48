"""A project with a Dockerfile: its image is built and run as it says."""

import re

from infra_specs.projects.draft import DraftService
from infra_specs.projects.folder import Folder, Guess
from infra_specs.projects.health import health_of

DEFAULT_PORT = 8000


def container_service(folder: Folder) -> tuple[DraftService, tuple[Guess, ...]] | None:
    """The service that the Dockerfile makes; None if there is none."""
    text = folder.texts.get("Dockerfile")
    if text is None:
        return None
    ports = re.findall(r"^\s*EXPOSE\s+(\d+)(?!/udp)", text, re.MULTILINE | re.IGNORECASE)
    path, health_guess = health_of(folder)
    guesses = [Guess("an image of its own", "Dockerfile")]
    keys: dict[str, object] = {"build": ".", "port": int(ports[-1]) if ports else DEFAULT_PORT}
    comments = {
        "build": "the folder of the Dockerfile, from this file's own",
        "port": "where it listens in the container, on 0.0.0.0; PORT says it, too",
    }
    says = f"port {ports[-1]}" if ports else f"port {DEFAULT_PORT}, for it names none: write the one that it listens on"
    guesses.append(Guess(says, "Dockerfile"))
    if "rails" in folder.texts.get("Gemfile", ""):
        keys["before"] = "bin/rails db:prepare"
        comments["before"] = "run once with each new release, before it gets requests"
        path = "/up" if path == "/" else path
        guesses.append(Guess("a Rails app", "Gemfile"))
    elif health_guess:
        guesses.append(health_guess)
    keys["health"] = path
    comments["health"] = "answers 200 when a replica can take requests"
    return DraftService("web", keys, comments), tuple(guesses)


def ruby_packages(folder: Folder) -> dict[str, str]:
    """The gems that it asks for."""
    gems = re.findall(r"""^\s*gem\s+["']([\w-]+)["']""", folder.texts.get("Gemfile", ""), re.MULTILINE)
    return dict.fromkeys(gems, "Gemfile")
