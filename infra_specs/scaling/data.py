"""What is kept as JSON and read back by this version or a later one."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any


def known_fields(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of stored data that a dataclass knows; what another version wrote beside them is left out."""
    return {name: data[name] for name in _names(kind) if name in data}


def as_plain_data(value: Any) -> dict[str, Any]:
    """A frozen dataclass as plain data, as `dataclasses.asdict` but without copies: a check makes thousands."""
    return {name: _plain(getattr(value, name)) for name in _names(value.__class__)}


_ATOMS = frozenset((float, int, str, bool, type(None)))


def _plain(value: Any) -> Any:
    if value.__class__ in _ATOMS:
        return value
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return as_plain_data(value) if is_dataclass(value) else value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))
