"""A static site: files that a small server answers with."""

from infra_specs.errors import SpecError
from infra_specs.projects.draft import DraftService
from infra_specs.projects.folder import Folder, Guess

PLACES = ("public/index.html", "dist/index.html", "site/index.html", "_site/index.html", "www/index.html", "index.html")
PAGES = (
    ".html", ".htm", ".css", ".js", ".mjs", ".map", ".json", ".webmanifest", ".xml", ".txt", ".md", ".pdf", ".ico",
    ".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".mp4", ".webm", ".mp3", ".woff", ".woff2", ".ttf",
    ".otf", ".wasm",
)  # fmt: skip
"""Endings of files that a site shows."""
NAMED = ("license", "cname", ".gitignore", ".gitattributes", ".nojekyll")
"""Files of a site's folder that may be read by everybody, too."""


def static_service(folder: Folder) -> tuple[DraftService, tuple[Guess, ...]] | None:
    """The service that serves the site; None if no index.html is where sites have it.

    Raises SpecError if the pages lie beside files that are none, which a file server would give to everybody.
    """
    index = folder.first(*PLACES)
    if not index:
        return None
    where = index.rpartition("/")[0] or "."
    private = sorted(path for path in folder.paths if where == "." and not _is_page(path))
    if private:
        raise SpecError(
            f"index.html lies beside {_some(private)}, and a file server would give them to everybody. Move the pages "
            "into a folder: mkdir public, and index.html and all that it shows into it. Then again: tenfold init"
        )
    return pages_service(where), (Guess("a static site", index),)


def pages_service(where: str) -> DraftService:
    """The service that serves the pages of a folder."""
    comments = {
        "command": "Python's own file server: enough to begin with",
        "port": "each replica is told its own port in PORT",
        "health": "the page itself",
    }
    if where == ".":
        comments["command"] += ". It shows this file, too: keep nothing but pages in this folder"
    command = f"sh -c 'exec python -m http.server --bind 127.0.0.1 --directory {where} $PORT'"
    return DraftService("web", {"command": command, "port": 8000, "health": "/"}, comments)


def _is_page(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name in NAMED or (not name.startswith(".") and name.endswith(PAGES) and name != "package.json")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
