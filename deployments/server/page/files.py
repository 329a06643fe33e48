"""The files of the status page, as a browser gets them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as package_files

from starlette.responses import Response

PAGE_PATH = "/tenfold/page"
PAGE_FILE = "page.html"
TYPES: Mapping[str, str] = {
    PAGE_FILE: "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "charts.js": "text/javascript",
    "elements.js": "text/javascript",
    "sections.js": "text/javascript",
    "words.js": "text/javascript",
    "uPlot.iife.min.js": "text/javascript",
    "uPlot.min.css": "text/css",
    "uPlot-LICENSE.txt": "text/plain",
}
"""Every file and its type; no other can be asked for."""
OPEN_PATHS = frozenset({PAGE_PATH, *(f"{PAGE_PATH}/{name}" for name in TYPES)})
"""What anybody may ask for: none of it holds data."""
RULES: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file's bytes and type."""

    body: bytes
    media_type: str

    def response(self) -> Response:
        """The answer to a browser."""
        return Response(self.body, media_type=self.media_type, headers=RULES)


@cache
def page_file(name: str) -> PageFile | None:
    """The file of this name; None if the page has none. Blocks at first."""
    if name not in TYPES:
        return None
    return PageFile((package_files("deployments.server.page") / "files" / name).read_bytes(), TYPES[name])
