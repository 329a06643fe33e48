"""Services of a Compose file that extend another one of the same file, merged as Compose merges them."""

import posixpath
from collections.abc import Mapping
from typing import Any

from infra_specs.errors import SpecError

_REPLACED = ("command", "entrypoint", "test")
"""Lists of which one stands for the whole; all others are joined."""


def extended(services: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The services with all that they extend. One that extends another file's keeps the key, if it runs without.

    Raises SpecError for a service that is not there, for one that extends itself, and for one that is nothing without
    the other file.
    """
    return {str(name): _whole(services, str(name), file, ()) for name in services}


def _whole(services: Mapping[str, Any], name: str, file: str, above: tuple[str, ...]) -> dict[str, Any]:
    service = services[name]
    given = service.get("extends")
    if given is None:
        return dict(service)
    base, source = (str(given.get("service")), given.get("file")) if isinstance(given, dict) else (str(given), None)
    if source is not None and posixpath.basename(file) != str(source).removeprefix("./"):
        if not {"image", "build"} & service.keys():
            raise SpecError(
                f"{file}: services.{name}.extends leads to {source}, and one file is read. Run `docker compose config` "
                "first, and import what it prints."
            )
        return dict(service)
    if base in (*above, name):
        raise SpecError(f"{file}: services.{name}.extends leads back to {base}. Leave it out of one of them.")
    if base not in services:
        raise SpecError(f"{file}: services.{name}.extends names {base}, which is no service of the file.")
    own = {key: value for key, value in service.items() if key != "extends"}
    merged: dict[str, Any] = _merged("", _whole(services, base, file, (*above, name)), own)
    return merged


def _merged(key: str, base: Any, own: Any) -> Any:
    """Mappings by key, lists one after the other, and of all else the own."""
    if isinstance(base, dict) and isinstance(own, list):
        own = dict(_pair(item) for item in own)
    if isinstance(base, list) and isinstance(own, dict):
        base = dict(_pair(item) for item in base)
    if isinstance(base, dict) and isinstance(own, dict):
        return {**base, **{part: _merged(part, base[part], own[part]) if part in base else own[part] for part in own}}
    if isinstance(base, list) and isinstance(own, list) and key not in _REPLACED:
        return [*base, *(item for item in own if item not in base)]
    return own


def _pair(item: Any) -> tuple[str, Any]:
    name, equals, text = str(item).partition("=")
    return name, text if equals else None
