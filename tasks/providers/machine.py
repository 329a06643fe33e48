"""What this machine has, as its kernel says it."""

from pathlib import Path

from infra_specs.scaling.node_capacity import FreeMemory


def free_memory() -> FreeMemory | None:
    """Of this machine, what the kernel could give without swapping (MemAvailable of proc(5)); None where none says."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    values = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()}
    if not {"MemAvailable", "MemTotal"} <= values.keys():
        return None
    return FreeMemory(1024 * int(values["MemAvailable"]), 1024 * int(values["MemTotal"]))
