"""What a service of a Compose file mounts: named volumes, and what is not carried over."""

import re
from collections.abc import Mapping
from typing import Any

from infra_specs.compose.not_carried import NotCarried, mount_not_carried
from infra_specs.projects.draft import stack_name

KINDS: Mapping[str, tuple[str, str]] = {
    "tmpfs": ("no key makes a folder in memory", "write to /tmp, or to a volume if it shall last"),
    "npipe": ("it is for Windows", "leave it out"),
    "image": ("a container has the files of its own image only", "COPY --from that image in the Dockerfile"),
    "cluster": ("a volume is made by Tenfold, on its target", "keep the data in a named volume or a database"),
}
READ_ONLY = ("a service may write to its volumes", "leave it out")


def volume_keys(name: str, service: Mapping[str, Any], lost: list[NotCarried]) -> dict[str, Any]:
    """`volumes`: names and folders."""
    volumes: dict[str, str] = {}
    for volume in service.get("volumes") or ():
        kind, source, target, options = _parts(volume)
        path = f"services.{name}.volumes `{source or target}`"
        if kind in KINDS:
            lost.append(NotCarried(path, *KINDS[kind]))
        elif kind == "bind" or source.startswith(("/", ".", "~", "\\")) or re.match(r"[A-Za-z]:[\\/]", source):
            lost.append(mount_not_carried(name, source))
        elif not target.startswith("/"):
            lost.append(NotCarried(path, "a folder in a container is written from / on", "write the whole path"))
        else:
            volumes[stack_name(source or target.rsplit("/", 1)[-1])] = target
            lost += [NotCarried(f"{path} {option}", *READ_ONLY) for option in options if option in ("ro", "read_only")]
            if set(options) & {"subpath", "nocopy"}:
                lost.append(NotCarried(f"{path} {', '.join(options)}", "a volume is mounted whole, and begins empty",
                                       "let the program choose the folder and fill it"))  # fmt: skip
    return {"volumes": volumes} if volumes else {}


def _parts(volume: Any) -> tuple[str, str, str, list[str]]:
    """The kind, the source, the folder in the container, and the options of a mount in either form."""
    if isinstance(volume, dict):
        inner = volume.get("volume") or {}
        options = [key for key in ("read_only",) if volume.get(key)]
        options += [key for key in ("subpath", "nocopy") if isinstance(inner, dict) and inner.get(key)]
        kind = str(volume.get("type", "volume"))
        return kind, str(volume.get("source") or ""), str(volume.get("target") or ""), options
    drive = re.match(r"[A-Za-z]:[\\/][^:]*", str(volume))
    source, rest = (drive[0], str(volume)[drive.end() + 1 :]) if drive else str(volume).partition(":")[::2]
    target, _, options_text = rest.partition(":")
    return ("volume", source, target, options_text.split(",")) if rest else ("volume", "", source, [])
