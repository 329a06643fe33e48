"""A spec whose file lies in another folder: its relative paths lead to the same files."""

import posixpath
from collections.abc import Mapping
from typing import Any


def moved(spec: Mapping[str, Any], source: str, folder: str, *, has_folders: bool) -> dict[str, Any]:
    """The spec with paths that start at `folder`, in place of `source`. Both are whole paths.

    `has_folders`: programs run in folders of the machine, as on every target without containers.
    """
    services = {
        name: _moved_service(service, source, folder, has_folders=has_folders)
        for name, service in spec["services"].items()
    }
    tls = {
        key: _path(value, source, folder) if key in ("certificate", "key") and isinstance(value, str) else value
        for key, value in spec.get("tls", {}).items()
    }
    return {**spec, "services": services, **({"tls": tls} if tls else {})}


def service_around(spec: Mapping[str, Any], source: str, path: str) -> str:
    """The service whose folder has this path in it, where a new file would be a change of its code; empty if none."""
    folders = {
        name: posixpath.normpath(posixpath.join(source, service.get("folder", ".")))
        for name, service in spec["services"].items()
    }
    return next((name for name, folder in folders.items() if posixpath.commonpath([folder, path]) == folder), "")


def _moved_service(service: Mapping[str, Any], source: str, folder: str, *, has_folders: bool) -> dict[str, Any]:
    changed = dict(service)
    if "build" in service:
        changed["build"] = {**service["build"], "context": _path(service["build"].get("context", "."), source, folder)}
    if has_folders and (path := _path(service.get("folder", "."), source, folder)) != ".":
        changed["folder"] = path
    elif "folder" in changed:
        del changed["folder"]
    return changed


def _path(path: str, source: str, folder: str) -> str:
    """The path from the new folder on; a whole path where it lies outside of that."""
    whole = posixpath.normpath(posixpath.join(source, path))
    relative = posixpath.relpath(whole, folder)
    return whole if relative.startswith("..") else relative
