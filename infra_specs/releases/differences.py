"""What changed between two releases, line by line, in words."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from infra_specs.releases.manifest import SIZES, ReleaseManifest
from infra_specs.stackfile.models.service import FromNeed, Secret, Service
from infra_specs.stackfile.models.units import duration_text, size_text

MOST_SHOWN = 3
"""Of them in one line."""
_DURATIONS = ("drain", "start", "restart_after", "watch")


def differences(before: ReleaseManifest, after: ReleaseManifest) -> tuple[str, ...]:
    """Each change as a sentence: `web: image app:1 -> app:2`. Empty when the same would run.

    A secret is told by name and version. The values of plain variables are shown: they are no secrets.
    """
    return tuple(_lines(before, after))


def summary(before: ReleaseManifest, after: ReleaseManifest) -> str:
    """The first few of them on one line."""
    lines = differences(before, after)
    more = f" and {len(lines) - MOST_SHOWN} more" if len(lines) > MOST_SHOWN else ""
    return "; ".join(lines[:MOST_SHOWN]) + more


def _lines(before: ReleaseManifest, after: ReleaseManifest) -> Iterator[str]:
    for name in dict.fromkeys((*before.services, *after.services)):
        was, now = before.services.get(name), after.services.get(name)
        if was is None:
            yield f"{name}: new service"
        elif now is None:
            yield f"{name}: gone"
        else:
            yield from _service_lines(name, was, now)
            old_code, new_code = before.code.get(name), after.code.get(name)
            if old_code != new_code:
                yield f"{name}: code {_text(old_code)} -> {_text(new_code)}"
    for secret in sorted(before.secrets.keys() & after.secrets.keys()):
        old, new = before.secrets[secret], after.secrets[secret]
        if old != new:
            yield f"secret {secret}: v{old} -> v{new}"
    for image in sorted(before.images.keys() & after.images.keys()):
        if before.images[image] != after.images[image]:
            yield f"image {image}: {_id(before.images[image])} -> {_id(after.images[image])}"


def _service_lines(name: str, was: Service, now: Service) -> Iterator[str]:
    for setting in Service.model_fields:
        old, new = getattr(was, setting), getattr(now, setting)
        if setting in SIZES or old == new:
            continue
        if setting == "health":
            yield f"{name}: health {old} -> {new}"
        elif setting == "env":
            yield from (f"{name}: {line}" for line in _env_lines(old, new))
        else:
            show = duration_text if setting in _DURATIONS else _bytes if setting == "memory" else _text
            if type(old) is type(new) and isinstance(old, BaseModel):
                old, new = _unlike(old, new)
            yield f"{name}: {setting} {show(old)} -> {show(new)}"


def _unlike(was: BaseModel, now: BaseModel) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The keys in which two values of one section differ, each as it was and as it is."""
    old, new = (model.model_dump(mode="json", by_alias=True) for model in (was, now))
    keys = [key for key in old if old[key] != new[key]]
    return {key: old[key] for key in keys}, {key: new[key] for key in keys}


def _env_lines(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for variable in sorted({*was, *now}):
        if variable not in was:
            yield f"env {variable} set to {_text(now[variable])}"
        elif variable not in now:
            yield f"env {variable} removed, was {_text(was[variable])}"
        elif was[variable] != now[variable]:
            yield f"env {variable} {_text(was[variable])} -> {_text(now[variable])}"


def _id(image: str) -> str:
    """As docker shows it."""
    return image.removeprefix("sha256:")[:12]


def _bytes(value: int | None) -> str:
    return size_text(value) if value else "none"


def _text(value: Any) -> str:
    if isinstance(value, Secret):
        return f"secret {value.secret}"
    if isinstance(value, FromNeed):
        return value.from_need
    if isinstance(value, BaseModel):
        return _text(value.model_dump(mode="json", by_alias=True, exclude_none=True))
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items()) or "none"
    if isinstance(value, list | tuple):
        return shlex.join(map(str, value))
    return {None: "none", "": "empty", True: "yes", False: "no"}.get(value, str(value))
