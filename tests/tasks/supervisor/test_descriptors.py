"""A start that fails for want of descriptors or processes leaves none open."""

import errno
import os
from pathlib import Path
from typing import Any, cast

import pytest

from tasks.supervisor.launch import CannotStart
from tasks.supervisor.launcher import Launcher
from tasks.supervisor.process import Process
from tasks.supervisor.spawn import spawn, spawn_owned

pytestmark = pytest.mark.pure


def open_descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def failing(call: Any, after: int) -> Any:
    """The call, which works so many times and then finds no descriptor free."""
    calls = 0

    def fail(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return call(*arguments)

    return fail


@pytest.mark.parametrize(("name", "after"), [("pipe", 0), ("pipe", 1), ("pipe", 2), ("memfd_create", 0)])
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system shows no open descriptors")
def test_an_owned_start_leaves_nothing_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, after: int
) -> None:
    launcher = cast("Launcher", Launcher.__new__(Launcher))  # what fails comes before it is asked
    process = Process("a", ("true",), log=str(tmp_path / "log"))
    before = open_descriptors()
    monkeypatch.setattr(os, name, failing(getattr(os, name), after))
    with pytest.raises(CannotStart, match="Too many open files"):
        spawn_owned(process, process.argv, lambda *_: None, launcher, "mark")
    assert open_descriptors() == before


@pytest.mark.parametrize(("name", "after"), [("pipe", 0), ("pipe", 1), ("fork", 0)])
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system shows no open descriptors")
def test_a_start_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, after: int) -> None:
    process = Process("a", ("true",), log=str(tmp_path / "log"))
    before = open_descriptors()
    monkeypatch.setattr(os, name, failing(getattr(os, name), after))
    with pytest.raises(CannotStart, match="Too many open files"):
        spawn(process, process.argv, None)
    assert open_descriptors() == before
