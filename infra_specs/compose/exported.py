"""What an export kept below `x-tenfold`, for the way back."""

from collections.abc import Mapping
from typing import Any

KEPT = "x-tenfold"
GIVEN = ("PORT", "TENFOLD_SERVICE")
"""Variables that a stack gives by itself, and an export writes out."""


def is_exported_proxy(service: Mapping[str, Any]) -> bool:
    """Whether this service stands for a stack's own proxy."""
    kept = service.get(KEPT)
    return isinstance(kept, dict) and kept.get("proxy") is True


def as_exported(name: str, service: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a stack file, with those that the export kept, and without those that it added."""
    kept = service.get(KEPT)
    if not isinstance(kept, dict):
        return dict(keys)
    volumes = {volume.removeprefix(f"{name}-"): path for volume, path in keys.get("volumes", {}).items()}
    own = (*GIVEN, *(f"{volume.upper().replace('-', '_')}_DIR" for volume in volumes))
    env = {variable: value for variable, value in keys.get("env", {}).items() if variable not in own}
    parts = {**keys, **kept, "env": env, "volumes": volumes}
    parts["replicas"] = _replicas(kept, keys)
    return {key: value for key, value in parts.items() if value not in ({}, None)}


def _replicas(kept: Mapping[str, Any], keys: Mapping[str, Any]) -> Any:
    """The bounds that were kept, unless the file has had another number written into it since."""
    written = keys.get("replicas", {"min": 1})
    number = written["min"] if isinstance(written, dict) else written
    bounds = kept.get("replicas") or {}
    if bounds.get("min", 1) == number:
        return bounds
    return {"min": number} if "port" in kept else number
