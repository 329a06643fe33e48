"""The limit of a control group bounds what a stack on this machine may be given."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from infra_specs.scaling.node_capacity import FreeMemory
from tasks.providers import machine
from tasks.providers.control_group import group_memory
from tasks.providers.local import host
from tasks.providers.local.host import LocalHost

pytestmark = pytest.mark.pure
MB = 2**20
UNLIMITED = 9223372036854771712
"""What the first version writes for no limit."""


def first(limit: int, used: int, at_hand: int) -> dict[str, str]:
    stat = f"cache 7\ntotal_inactive_file {at_hand}\n"
    return {"memory.limit_in_bytes": f"{limit}\n", "memory.usage_in_bytes": f"{used}\n", "memory.stat": stat}


def second(limit: str, used: int, at_hand: int) -> dict[str, str]:
    stat = f"anon 7\ninactive_file {at_hand}\n"
    return {"memory.max": f"{limit}\n", "memory.current": f"{used}\n", "memory.stat": stat}


@pytest.mark.parametrize(
    ("own", "groups", "memory"),
    [
        ("", {}, []),
        ("0::/\n", {}, []),
        ("4:memory:/a/b\n1:cpu:/\n", {"memory/a/b": first(512 * MB, 100 * MB, 50 * MB)}, [(462, 512)]),
        ("4:cpu,memory:/a\n", {"memory/a": first(512 * MB, 512 * MB, 0)}, [(0, 512)]),
        ("4:memory:/a\n", {"memory/a": first(UNLIMITED, 100 * MB, 0)}, []),
        (
            "4:memory:/a/b\n",
            {"memory/a/b": first(512 * MB, 100 * MB, 0), "memory/a": first(256 * MB, 200 * MB, 0)},
            [(412, 512), (56, 256)],
        ),
        ("4:memory:/docker/of/its/machine\n", {"memory": first(512 * MB, 100 * MB, 0)}, [(412, 512)]),
        ("0::/unit\n", {"unit": second(str(300 * MB), 100 * MB, 20 * MB)}, [(220, 300)]),
        ("0::/unit\n", {"unit": second("max", 100 * MB, 0)}, []),
        ("0::/unit/inner\n", {"unit": second(str(300 * MB), 100 * MB, 0), "unit/inner": second("max", 1, 0)},
         [(200, 300)]),
        ("0::/unit\n", {"unit": {"memory.max": str(300 * MB)}}, []),
        ("0::/unit\n", {"unit": {**second("7", 1, 0), "memory.stat": "no number\n"}}, [(0, 0)]),
    ],
)  # fmt: skip
def test_each_limit_is_read(
    own: str, groups: Mapping[str, Mapping[str, str]], memory: list[tuple[int, int]], tmp_path: Path
) -> None:
    (tmp_path / "own").write_text(own)
    for name, files in groups.items():
        (tmp_path / "mounted" / name).mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (tmp_path / "mounted" / name / file).write_text(text)
    read = group_memory(tmp_path / "own", tmp_path / "mounted")
    assert [(each.free // MB, each.total // MB) for each in read] == memory


def test_a_system_without_them() -> None:
    assert group_memory(Path("/nowhere"), Path("/nowhere")) == ()


@pytest.mark.parametrize(
    ("groups", "free", "total"),
    [((), 900, 1000), ((FreeMemory(50, 300),), 50, 300), ((FreeMemory(950, 960), FreeMemory(40, 2000)), 40, 960)],
)
def test_the_least_of_all_is_free(
    groups: tuple[FreeMemory, ...], free: int, total: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda: FreeMemory(900, 1000))
    monkeypatch.setattr(host, "group_memory", lambda: groups)
    assert LocalHost(tmp_path).free_memory() == {"this machine": FreeMemory(free, total)}
