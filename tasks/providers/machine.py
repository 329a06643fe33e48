"""What this machine has, as its kernel says it."""

from pathlib import Path

from infra_specs.scaling.node_capacity import FreeMemory


def free_memory() -> FreeMemory | None:
    """Of this machine, what the kernel could give without swapping (MemAvailable of proc(5)); None where none says."""
    try:
        return memory_in(Path("/proc/meminfo").read_text())
    except OSError:
        return None


def memory_in(meminfo: str) -> FreeMemory | None:
    """The same from the text of a machine's /proc/meminfo."""
    lines = meminfo.splitlines()
    values = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()}
    if not {"MemAvailable", "MemTotal"} <= values.keys():
        return None
    return FreeMemory(1024 * int(values["MemAvailable"]), 1024 * int(values["MemTotal"]))
