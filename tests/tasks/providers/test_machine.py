"""What is free on this machine, and whether an engine's machine is this one."""

import sys
from typing import Any

import pytest

from infra_specs.scaling.node_capacity import FreeMemory
from tasks.providers import machine
from tasks.providers.docker.host import free_memory

pytestmark = pytest.mark.pure

here = FreeMemory(5, 10)


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not say it so")
def test_this_machine_has_some_memory_free() -> None:
    memory = machine.free_memory()
    assert memory
    assert 0 < memory.free < memory.total


@pytest.mark.parametrize(
    ("door", "total", "found"),
    [
        ("http+docker://localhost", 10, here),
        ("http+docker://localhost", 8, None),  # a machine of another size behind the socket
        ("http+docker://localhost", None, None),
        ("http://10.0.0.7:2375", 10, None),
    ],
)
def test_an_engine_tells_of_this_machine_only(
    door: str, total: int | None, found: FreeMemory | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda: here)
    said: dict[str, Any] = {"MemTotal": total} if total else {}
    assert free_memory(door, lambda: said) == found
