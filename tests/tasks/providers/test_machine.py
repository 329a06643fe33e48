"""What is free on this machine, and whether an engine's machine is this one."""

import sys
from pathlib import Path
from typing import Any

import pytest

from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory
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


@pytest.mark.parametrize(
    ("answer", "disk"),
    [
        ("Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 1000 400 600 40% /\n",
         FreeDisk(600 * 1024, 1000 * 1024)),
        ("Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/a long name 1000 400 600 40% /\n",
         FreeDisk(600 * 1024, 1000 * 1024)),
        ("df: /var/lib/docker: No such file or directory\n", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_disk_is_read_from_the_answer_of_df(answer: str, disk: FreeDisk | None) -> None:
    assert machine.disk_in(answer) == disk


def test_the_disk_of_a_folder_is_known_and_that_of_none_is_not(tmp_path: Path) -> None:
    disk = machine.free_disk(tmp_path)
    assert disk is not None
    assert 0 < disk.free <= disk.total
    assert machine.free_disk(tmp_path / "none") is None
