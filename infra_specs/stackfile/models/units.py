"""Durations, sizes and parts as people write them: `200ms`, `3m`, `512MB`, `70%`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]+)")


def _parser(units: dict[str, Any], example: str, number_is: str) -> Any:
    def parse(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError(f"write it like {example}")
        if not isinstance(value, str):
            return value
        match = _AMOUNT.fullmatch(value.strip())
        if match is None or match[2] not in units:
            raise ValueError(f"write it like {example}, with one of {', '.join(units)}, or as a number of {number_is}")
        amount = float(match[1]) * units[match[2]]
        if not isfinite(amount):
            raise ValueError("too large a number")
        return amount

    return parse


_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%")


def _part(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("write it like 70% or 0.7")
    if not isinstance(value, str):
        return value
    match = _PERCENT.fullmatch(value.strip())
    if match is None:
        raise ValueError("write it like 70% or 0.7")
    return round(float(match[1]) / 100, 12)


def part_text(part: float) -> str:
    """A part of a whole as a person would write it: 0.7 -> `70%`."""
    return f"{100 * part:g}%"


def _whole(value: Any) -> Any:
    return round(value) if isinstance(value, float) and isfinite(value) else value


def duration_text(seconds: float) -> str:
    """Seconds as a person would write them, in the largest unit that leaves a round number: 0.2 -> `200ms`."""
    for unit in ("d", "h", "m", "s"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"


def size_text(size: float) -> str:
    """Bytes as a person would write them: 536870912 -> `512MB`."""
    for unit in ("TB", "GB", "MB", "KB"):
        if size >= _BYTES[unit]:
            return f"{size / _BYTES[unit]:.4g}{unit}"
    return f"{size:g}B"


@dataclass(frozen=True, slots=True)
class Unit:
    """Marks a number that people write with a unit, and says how to write it back to them."""

    text: Callable[[float], str]


Duration = Annotated[
    float,
    Unit(duration_text),
    BeforeValidator(_parser(_SECONDS, "200ms, 15s or 3m", "seconds")),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?(ms|s|m|h|d)$"},
            ]
        }
    ),
]
"""Seconds."""

Size = Annotated[
    int,
    Unit(size_text),
    BeforeValidator(_whole),
    BeforeValidator(_parser(_BYTES, "512MB or 10GB", "bytes")),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?(B|KB|MB|GB|TB)$"},
            ]
        }
    ),
]
"""Bytes; the units are powers of 1024."""

Share = Annotated[
    float,
    Unit(part_text),
    BeforeValidator(_part),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0.01, "maximum": 1},
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?%$"},
            ]
        }
    ),
]
"""A part of a whole: 0 to 1."""
