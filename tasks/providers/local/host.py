"""This machine's memory, and what the processes and volumes of a stack use of it, as the kernel says it."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from infra_specs.advice.rightsizing import Usage
from infra_specs.resources.instance import Instance
from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory
from tasks.providers import machine
from tasks.providers.control_group import group_memory
from tasks.providers.local.errors import translated
from tasks.providers.local.kinds.volume import volumes
from tasks.providers.local.stack_folder import stack_folder_of
from tasks.providers.local.stack_supervisor import statuses_of
from tasks.providers.valkey import memory_used, written_to_queues
from tasks.supervisor.process import Status

_THIS_MACHINE = "this machine"
BLOCK_BYTES = 512
"""Bytes of what stat(2) counts, whatever the disk's own are."""


class LocalHost:
    """The part `host`: this machine."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def free_memory(self) -> Mapping[str, FreeMemory]:
        """Of this machine, or of the control group that we are in, and so what we start, if that leaves less."""
        memory = machine.free_memory()
        if memory is None:
            return {}
        bounds = (memory, *group_memory())
        free, total = min(bound.free for bound in bounds), min(bound.total for bound in bounds)
        return {_THIS_MACHINE: FreeMemory(free, total)}

    def free_disks(self) -> Mapping[str, FreeDisk]:
        """Of the disk that the home is on."""
        disk = machine.free_disk(self._home)
        return {_THIS_MACHINE: disk} if disk else {}

    def queue_memory(self, stack: str) -> tuple[int, int] | None:
        """As its Valkey says."""
        with translated():
            for status in statuses_of(stack_folder_of(self._home, stack)):
                if status.pid and status.process.labels.get("kind") == "queue" and status.process.probe:
                    return memory_used("127.0.0.1", status.process.probe.port)
        return None

    def uses(self, stack: str) -> Mapping[str, Usage]:
        """Memory of each process with its children, what they share counted once; disk of each volume. By address."""
        with translated():
            stack_folder = stack_folder_of(self._home, stack)
            return _uses(statuses_of(stack_folder), volumes(stack_folder))


def _uses(statuses: Iterable[Status], volumes: Iterable[Instance]) -> dict[str, Usage]:
    usages = {
        volume.address: Usage(disk=_size(Path(volume.outputs["path"])))
        for volume in volumes
        if volume.outputs.get("path")
    }
    if sys.platform != "linux":
        return usages
    children = _children()
    for status in statuses:
        if status.pid and (address := status.process.labels.get("address")):
            memory = sum(_memory(pid) for pid in _family(status.pid, children))
            usages[address] = Usage(memory=memory, queue_writes=_queue_writes(status))
    return usages


def _queue_writes(status: Status) -> int | None:
    labels = status.process.labels
    if labels.get("kind") != "cache" or status.process.probe is None:
        return None
    return written_to_queues("127.0.0.1", status.process.probe.port)


def _children() -> Mapping[int, list[int]]:
    children: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        children[int(stat[stat.rindex(b")") + 2 :].split()[1])].append(int(folder.name))
    return children


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
            total += path.lstat().st_blocks * BLOCK_BYTES
    except OSError:
        return None
    return total
