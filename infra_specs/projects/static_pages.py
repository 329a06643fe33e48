"""A static site: files that a small server answers with."""

from infra_specs.projects.draft import DraftService
from infra_specs.projects.folder import Folder, Guess

PLACES = ("index.html", "public/index.html", "dist/index.html", "site/index.html", "_site/index.html", "www/index.html")


def static_service(folder: Folder) -> tuple[DraftService, tuple[Guess, ...]] | None:
    """The service that serves the site; None if no index.html is where sites have it."""
    index = folder.first(*PLACES)
    if not index:
        return None
    where = index.rpartition("/")[0] or "."
    command = f"sh -c 'exec python -m http.server --bind 127.0.0.1 --directory {where} $PORT'"
    comments = {
        "command": "Python's own file server: enough to begin with",
        "port": "each replica is told its own port in PORT",
        "health": "the page itself",
    }
    return DraftService("web", {"command": command, "port": 8000, "health": "/"}, comments), (
        Guess("a static site", index),
    )
