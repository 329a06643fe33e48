"""Two runs of the tests never use one engine at once; who waits says so."""

import threading
from pathlib import Path

import pytest

from tests.support.engine_lock import alone_on, lock_file

HOST = "unix:///run/an-engine.sock"


def silent(text: str) -> None:
    raise AssertionError(text)


def test_who_comes_second_says_so_and_waits(tmp_path: Path) -> None:
    order: list[str] = []
    told = threading.Event()

    def say(text: str) -> None:
        order.append(text)
        told.set()

    def second() -> None:
        with alone_on(HOST, say, tmp_path):
            order.append("second")

    waiting = threading.Thread(target=second)
    with alone_on(HOST, silent, tmp_path):
        waiting.start()
        assert told.wait(60)
        order.append("first")
    waiting.join()
    assert order[1:] == ["first", "second"]
    assert order[0].startswith("Another run of the tests (process ")
    assert f"uses the Docker Engine at {HOST}: waiting" in order[0]


def test_other_engines_are_others(tmp_path: Path) -> None:
    with alone_on(HOST, silent, tmp_path), alone_on("tcp://127.0.0.1:2375", silent, tmp_path):
        assert len(list(tmp_path.iterdir())) == 2


def test_a_socket_by_another_name_is_the_same_engine(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "var-run").symlink_to("run")
    first, other = (lock_file(f"unix://{tmp_path}/{name}/docker.sock") for name in ("run", "var-run"))
    assert first == other


def test_it_is_free_when_the_block_has_failed(tmp_path: Path) -> None:
    with pytest.raises(KeyError), alone_on(HOST, silent, tmp_path):
        raise KeyError
    with alone_on(HOST, silent, tmp_path):
        pass
