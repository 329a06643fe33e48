"""The path that says whether a replica can take requests, guessed from the routes that the code names."""

import re

from infra_specs.projects.folder import Folder, Guess

USUAL = ("/healthz", "/health", "/up", "/ping", "/livez", "/readyz", "/status", "/_health", "/api/health")
CODE = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb")


def health_of(folder: Folder) -> tuple[str, Guess | None]:
    """The path, and the guess if a file names one. Without one it is `/`, which every page that works answers."""
    for path, text in folder.sources(*CODE):
        named = re.findall(r"""["'](/[a-z_/-]*?)/?["']""", text)
        if usual := next((route for route in USUAL if route in named), None):
            slash = "/" if re.search(rf"""["']{re.escape(usual)}/["']""", text) else ""
            return usual + slash, Guess(f"health path {usual}{slash}", path)
        for route in re.findall(r"""path\(\s*["']([a-z_-]+/?)["']""", text):
            if f"/{route.rstrip('/')}" in USUAL:
                return f"/{route}", Guess(f"health path /{route}", path)
    return "/", None
