"""The memory target: a pretended world in a file, for trying things out and for tests. Nothing runs.

What real targets do slowly, late or by themselves it does on demand. Called by `open_provider` and by tests.
"""

from pathlib import Path

from infra_specs.stackfile.models.target import Memory
from tasks.providers.memory.provider import MemoryProvider

__all__ = ["MemoryProvider", "open_target"]


def open_target(target: Memory, home: Path) -> MemoryProvider:
    """Its provider, for the world below `home`."""
    return MemoryProvider(home / "memory", target)
