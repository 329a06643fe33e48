"""A draft whose stack file lies in another folder than the file that it was made of."""

import posixpath
import re
from dataclasses import replace
from typing import Any

from infra_specs.projects.draft import Draft, DraftService

_IS_ADDRESS = re.compile(r"[a-z][\w+.-]*://|git@|github\.com/")


def moved_draft(draft: Draft, source: str, folder: str) -> Draft:
    """The draft with paths that start at `folder`, in place of `source`. Both are whole paths.

    What lies outside of the folder has a whole path. On the local target commands run in the source's folder.
    """
    if source == folder:
        return draft
    services = tuple(replace(service, keys=_moved(service, draft, source, folder)) for service in draft.services)
    return replace(draft, services=services)


def _moved(service: DraftService, draft: Draft, source: str, folder: str) -> dict[str, Any]:
    keys = dict(service.keys)
    build = keys.get("build")
    if isinstance(build, dict):
        keys["build"] = {**build, "context": _path(build.get("context", "."), source, folder)}
    elif build:
        keys["build"] = _path(build, source, folder)
    if draft.provider == "local":
        keys["folder"] = _path(keys.get("folder", "."), source, folder)
    return keys


def _path(path: str, source: str, folder: str) -> str:
    if _IS_ADDRESS.match(path):
        return path
    whole = posixpath.normpath(posixpath.join(source, path))
    relative = posixpath.relpath(whole, folder)
    if relative.startswith(".."):
        return whole
    return f"./{relative}" if path.startswith("./") and relative != "." else relative
