"""What the processes and volumes of a stack use of this machine, as the kernel says it."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from infra_specs.advice.rightsizing import Use
from infra_specs.resources.instance import Instance
from tasks.supervisor.process import Status

block = 512
"""Bytes of what stat(2) counts, whatever the disk's own are."""


def uses(statuses: Iterable[Status], volumes: Iterable[Instance]) -> dict[str, Use]:
    """Memory of each process with all its children, what they share counted once; disk of each volume. By address."""
    found = {one.address: Use(disk=_size(Path(one.outputs["path"]))) for one in volumes if one.outputs.get("path")}
    if sys.platform != "linux":
        return found
    children = _children()
    for status in statuses:
        if status.pid and (address := status.process.labels.get("address")):
            found[address] = Use(memory=sum(_memory(pid) for pid in _family(status.pid, children)))
    return found


def _children() -> Mapping[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        found[int(stat[stat.rindex(b")") + 2 :].split()[1])].append(int(folder.name))
    return found


def _family(pid: int, children: Mapping[int, list[int]]) -> Iterable[int]:
    yield pid
    for child in children.get(pid, ()):
        yield from _family(child, children)


def _memory(pid: int) -> int:
    """Bytes, of shared pages its part (smaps_rollup of proc(5)); 0 if it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def _size(folder: Path) -> int | None:
    """Bytes on the disk below a folder; None where it cannot be read."""
    total = 0
    try:
        for path in folder.rglob("*"):
            total += path.lstat().st_blocks * block
    except OSError:
        return None
    return total
