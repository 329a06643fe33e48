"""What this machine has, as its kernel says it."""

import shutil
from pathlib import Path

from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory


def free_memory() -> FreeMemory | None:
    """Of this machine, what the kernel could give without swapping (MemAvailable of proc(5)); None where none says."""
    try:
        return memory_in(Path("/proc/meminfo").read_text())
    except OSError:
        return None


def free_disk(folder: Path) -> FreeDisk | None:
    """Of the disk that a folder is on, for who runs us; None where the folder is not there."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return FreeDisk(usage.free, usage.total)


def disk_in(df: str) -> FreeDisk | None:
    """The same from the answer of `df -P -k FOLDER`."""
    words = df.splitlines()[-1].split() if df.strip() else []
    if len(words) < 6 or not (words[-5].isdigit() and words[-3].isdigit()):
        return None
    return FreeDisk(1024 * int(words[-3]), 1024 * int(words[-5]))


def memory_in(meminfo: str) -> FreeMemory | None:
    """The same from the text of a machine's /proc/meminfo."""
    lines = meminfo.splitlines()
    values = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()}
    if not {"MemAvailable", "MemTotal"} <= values.keys():
        return None
    return FreeMemory(1024 * int(values["MemAvailable"]), 1024 * int(values["MemTotal"]))
