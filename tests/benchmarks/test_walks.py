"""Walks of verbs on the memory target: after each step the file can be planned, and a provision makes it so."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.simulate.seeds import quick_folder
from benchmarks.walks.memory import MemoryWalks
from benchmarks.walks.steps import Step, steps_of
from infra_specs.releases import merge

pytestmark = pytest.mark.local

WALKS = 20
FAILED_ONCE = {
    "a renamed service came back by a rollback, and led to the same path as the changed file's": 122,
    "a service that a rollback took away stayed away, and what it stood for went": 123,
    "a service that a rollback brought back outlived every change of the file": 127,
}
"""What was wrong -> a seed that showed it."""


@pytest.fixture(scope="module")
def walks() -> Iterator[MemoryWalks]:
    with quick_folder() as folder:
        yield MemoryWalks(folder)


def test_no_walk_fails(walks: MemoryWalks) -> None:
    failures = [str(failure) for seed in range(WALKS) if (failure := walks.walk(seed))]
    assert not failures, "\n\n".join(failures)


@pytest.mark.parametrize("seed", FAILED_ONCE.values(), ids=FAILED_ONCE)
def test_a_walk_that_failed_once_fails_no_more(seed: int, walks: MemoryWalks) -> None:
    assert str(walks.walk(seed) or "") == ""


def test_equal_seeds_give_equal_steps() -> None:
    assert [steps_of(seed) for seed in range(20)] == [steps_of(seed) for seed in range(20)]
    assert len({str(steps_of(seed)) for seed in range(20)}) == 20


def test_a_file_that_is_not_provisioned_as_planned_is_seen(walks: MemoryWalks, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = [Step("provision", file_with("web")), Step("edit", file_with("api")), Step("provision", file_with("api"))]
    fled = [Step("rollback", file_with("api"), {"release": 0}), Step("edit", file_with("api", A="2"))]
    assert not walks.run(0, (*renamed, *fled))
    monkeypatch.setattr(merge, "rollback_stands", lambda *_: True)
    assert "no plan of the file" in str(walks.run(0, (*renamed, *fled)))


def file_with(service: str, **env: str) -> dict[str, Any]:
    return {"services": {service: {"path": "/", "replicas": 1, "env": {"A": "1", **env}}}, "needs": {}}
