"""One daemon a folder, wherever and however often it is started."""

import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError, TransientError
from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import parent, sleeper, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]


def _start(folder: Path) -> int:
    return Supervisor.start(folder).pid()


def _beside_the_launcher(folder: Path, pids: set[int]) -> list[int]:
    """The processes of the folder's supervisor without its children."""
    daemons = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            pid = int(path.parent.name)
            if f"{folder}\0".encode() in path.read_bytes() and parent(pid) not in pids:
                daemons.append(pid)
    return daemons


def test_ten_racing_starts_make_one(folder: Path) -> None:
    with ProcessPoolExecutor(10, get_context("spawn")) as pool:
        pids = set(pool.map(_start, [folder] * 10))
    assert len(pids) == 1
    wait_until(lambda: len(_beside_the_launcher(folder, pids)) <= 2, "those that lost the race are gone")
    alone = _beside_the_launcher(folder, pids)
    assert sorted(alone) == sorted([*pids, parent(*pids)]), "beside the launcher, which is the supervisor's child"


def test_starts_racing_a_shutdown_end_in_one_that_answers(folder: Path) -> None:
    for _ in range(5):
        supervisor = Supervisor.start(folder)
        supervisor.put(sleeper("a"))
        with ProcessPoolExecutor(2, get_context("spawn")) as pool:
            starts = [pool.submit(_start, folder) for _ in range(2)]
            supervisor.shutdown()
            for start in starts:
                start.result()
        assert supervisor.find(folder) is None or supervisor.list() == ()


def test_a_hostile_folder_of_the_user_is_not_imported(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "project"
    hostile.mkdir()
    for name in ("tasks", "flows", "docker", "asyncio", "json", "socket", "sitecustomize"):
        for place in (hostile, folder):
            place.mkdir(exist_ok=True)
            (place / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')\nraise SystemExit(9)\n")
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("PYTHONPATH", str(hostile))
    monkeypatch.setenv("PYTHONSTARTUP", str(hostile / "tasks.py"))
    supervisor = Supervisor.start(Path("../kept"))
    supervisor.put(sleeper("a"))
    until_state(supervisor, "a", "healthy")
    assert not (tmp_path / "imported").exists()


def test_a_path_of_any_length(tmp_path: Path) -> None:
    folder = tmp_path / ("long " * 30) / ("länger" * 20)
    supervisor = Supervisor.start(folder)
    try:
        supervisor.put(sleeper("a"))
        until_state(supervisor, "a", "healthy")
        assert Supervisor.find(folder)
    finally:
        supervisor.shutdown()


def test_nothing_is_found_or_asked_where_none_runs(tmp_path: Path) -> None:
    assert Supervisor.find(tmp_path / "nothing") is None
    assert not Supervisor.was_left(tmp_path / "nothing")
    with pytest.raises(TransientError, match="no supervisor runs for"):
        Supervisor(tmp_path).list()
    Supervisor(tmp_path).shutdown()


def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a folder of another user")
    os.chown(tmp_path, 65534, 65534)
    with pytest.raises(ProviderError, match="belongs to another user"):
        Supervisor.start(tmp_path)
    os.chown(tmp_path, 0, 0)


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ProviderError, match="file/kept cannot be used: Not a directory"):
        Supervisor.start(tmp_path / "file" / "kept")


def test_a_daemon_that_cannot_start_says_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.supervisor.starting.START_SECONDS", 1.0)
    (folder / "supervisor.lock").mkdir(parents=True)
    with pytest.raises(TransientError, match=r"(?s)its log ends:.*IsADirectoryError"):
        Supervisor.start(folder)


def test_a_broken_state_file_is_set_aside(folder: Path) -> None:
    folder.mkdir()
    (folder / "state.json").write_text("{")
    assert Supervisor.start(folder).list() == ()
    assert (folder / "state.broken").read_text() == "{"
