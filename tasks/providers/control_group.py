"""Memory that a control group leaves to its processes: a container's limit, or that of a systemd unit."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra_specs.scaling.node_capacity import FreeMemory

OWN = Path("/proc/self/cgroup")
MOUNTED = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class _Names:
    """What a version of control groups calls its files."""

    limit: str
    used: str
    reclaimable: str
    """In `memory.stat`: the bytes of files that the kernel only keeps at hand."""


_FIRST = _Names("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_SECOND = _Names("memory.max", "memory.current", "inactive_file")


def group_memory(own: Path = OWN, mounted: Path = MOUNTED) -> tuple[FreeMemory, ...]:
    """Of each control group that this process is in and that has a limit, the innermost first.

    What this process starts is in them, too. Empty where there is none, or nobody can tell.
    """
    with suppress(OSError):
        return tuple(
            memory for folder, names in _folders(own.read_text(), mounted) if (memory := _memory(folder, names))
        )
    return ()


def _folders(text: str, mounted: Path) -> Iterator[tuple[Path, _Names]]:
    """The folders of the groups, up to the outermost. In a container their paths may be those of its machine."""
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            root, names = mounted / "memory", _FIRST
        elif not controllers:
            root, names = mounted, _SECOND
        else:
            continue
        inner = root / path.lstrip("/")
        for folder in (inner, *inner.parents):
            if folder.is_relative_to(root):
                yield folder, names


def _memory(folder: Path, names: _Names) -> FreeMemory | None:
    """None without a limit: the first version writes one that no machine has."""
    with suppress(OSError, ValueError):
        limit, used = int((folder / names.limit).read_text()), int((folder / names.used).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        free = limit - used + int(stat.get(names.reclaimable, 0))
        return FreeMemory(max(0, free), limit) if limit < 2**60 else None
    return None
