"""The lines that are shown while a run goes on."""

import io

import pytest
from rich.console import Console

from deployments.cli.following import progress as presenting
from deployments.cli.following.progress import Progress
from deployments.cli.following.watch import Snapshot
from tests.deployments.cli.fakes import flow_run, step


def _console(*, terminal: bool = False, width: int = 100) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=width, height=12, color_system=None, highlight=False), out


def test_in_a_pipe_each_change_is_said_once_when_it_has_ended() -> None:
    to, out = _console()
    first = Snapshot(
        flow_run(), ("cache/main", "replica/web-0"), steps=(step("cache/main"), step("replica/web-0", "intended"))
    )
    second = Snapshot(
        flow_run("FAILED"), first.planned,
        steps=(step("cache/main"), step("replica/web-0", "failed", message="replica/web-0 exited with 3.\nIts log")),
    )  # fmt: skip
    with Progress(to, 0.0) as progress:
        for snapshot in (Snapshot(flow_run("PENDING")), first, first, second):
            progress.show(snapshot)
    assert out.getvalue() == (
        "  ✓  cache/main     created    0.50s  missing\n"
        "  ✗  replica/web-0  failed     0.50s  replica/web-0 exited with 3.\n"
    )


def test_an_overtaken_change_is_no_failure() -> None:
    to, out = _console()
    message = "cache/main failed meanwhile: it is planned anew.\nIts log"
    overtaken = step("replica/web-0", "overtaken", action="update", message=message)
    with Progress(to, 0.0) as progress:
        progress.show(Snapshot(flow_run(), ("replica/web-0",), steps=(overtaken,)))
    assert out.getvalue() == "  ·  replica/web-0  overtaken   0.50s  cache/main failed meanwhile: it is planned anew.\n"


def test_in_a_pipe_a_long_change_is_named_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presenting, "QUIET_SECONDS", -1.0)
    to, out = _console()
    with Progress(to, 0.0) as progress:
        progress.show(Snapshot(flow_run("SCHEDULED")))
        progress.show(Snapshot(flow_run(), ("database/main",), steps=(step("database/main", "intended"),)))
    first, second = out.getvalue().splitlines()
    assert first.startswith("  … waits to be started, ")
    assert second.startswith("  … database/main, ")


def test_notes_are_said_once() -> None:
    to, out = _console()
    with Progress(to, 0.0) as progress:
        progress.show(Snapshot(flow_run(), notes=("It is tried again.",)))
    assert out.getvalue() == "  It is tried again.\n"


@pytest.mark.parametrize("width", [40, 100])
def test_in_a_terminal_what_is_under_way_is_shown_within_its_height(width: int) -> None:
    to, out = _console(terminal=True, width=width)
    planned = tuple(f"replica/web-{slot}" for slot in range(30))
    with Progress(to, 0.0) as progress:
        progress.show(Snapshot(flow_run(), planned, steps=tuple(step(name, "intended") for name in planned)))
        shown = out.getvalue()
    assert "replica/web-7" in shown
    assert "replica/web-8" not in shown
    assert "and 22 others" in shown
    assert "0 of 30 done" in shown
