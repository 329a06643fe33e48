"""Whether a run's process lives is asked of the kernel."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tasks.run.liveness import alive_while, forget, has_no_trace, is_dead

run = "0a1b"
stays = "import sys, time; from pathlib import Path; from tasks.run.liveness import alive_while\n" \
    "with alive_while(Path(sys.argv[1]), sys.argv[2]):\n    print('here', flush=True)\n    time.sleep(600)"  # fmt: skip


def test_who_was_never_here_is_not_said_to_be_gone(tmp_path: Path) -> None:
    assert not is_dead(tmp_path, run)


def test_who_is_here_is_here_and_leaves_nothing_at_a_proper_end(tmp_path: Path) -> None:
    with alive_while(tmp_path, run):
        assert not is_dead(tmp_path, run)
    assert not is_dead(tmp_path, run)
    assert list((tmp_path / "present").iterdir()) == []


def test_who_was_never_here_and_who_came_to_its_end_are_unheard_of(tmp_path: Path) -> None:
    assert has_no_trace(tmp_path, run)
    with alive_while(tmp_path, run):
        assert not has_no_trace(tmp_path, run)
    assert has_no_trace(tmp_path, run)


def test_who_is_killed_is_absent_until_forgotten(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", stays, str(tmp_path), run], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"here\n"
        assert not is_dead(tmp_path, run)
        os.kill(child.pid, signal.SIGSTOP)
        assert not is_dead(tmp_path, run), "who is paused is not gone"
    finally:
        child.kill()
        child.communicate()
    assert is_dead(tmp_path, run)
    assert not has_no_trace(tmp_path, run)
    forget(tmp_path, run)
    forget(tmp_path, run)
    assert not is_dead(tmp_path, run)
