"""A stack's releases, and what changes from one to another."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import Cell, lay, say
from deployments.cli.terminal.words import ago, first_line
from infra_specs.releases.selection import ReleaseState
from tasks.base.clock import now
from tasks.ledger import Release

COLOURS: dict[ReleaseState, str] = {
    ReleaseState.ROLLING_OUT: "yellow",
    ReleaseState.HEALTHY: "green",
    ReleaseState.FAILED: "red",
    ReleaseState.ROLLED_BACK: "dim",
}


def data(release: Release, running: Release | None) -> dict[str, Any]:
    """A release as JSON data; secrets by name and version."""
    return {
        "number": release.number,
        "state": release.state,
        "runs": release is running,
        "verb": release.verb,
        "reason": release.reason,
        "who": release.who,
        "flow_run_id": release.flow_run_id,
        "message": release.message,
        "since": release.since,
        "ended": release.ended,
        "content": release.content.data(),
        "watch": {"until": release.watch.until, "verdict": release.watch.verdict or None} if release.watch else None,
    }


def show(to: Console, releases: Sequence[Release], running: Release | None) -> None:
    """A line for each release, with a mark at the one that should run."""
    if not releases:
        say(to, "No release yet.")
    lay(to, (_row(release, release is running) for release in releases), indent=0)


def show_differences(to: Console, stack: str, before: Release, after: Release, differences: Sequence[str]) -> None:
    """Two releases, and a line for each difference."""
    say(to, Text.assemble((stack, "bold"), f": {before} -> {after}"))
    show_lines(to, differences or ("the same runs in both",))


def show_lines(to: Console, lines: Sequence[str]) -> None:
    """The differences alone, indented."""
    for line in lines:
        say(to, line, indent=2)


def _row(release: Release, runs: bool) -> list[Cell]:
    failed = release.state in (ReleaseState.FAILED, ReleaseState.ROLLED_BACK)
    failure = first_line(release.message) if failed else ""
    return [
        Text("▸" if runs else " ", "bold green"), Text(f"{release.number:>3}", "bold" if runs else ""),
        Text(release.state, COLOURS[release.state]), release.verb, Text(ago(now() - release.since), "dim"),
        f"{release.reason}: {failure}" if failure else f"{release.reason}{_watch_note(release) if runs else ''}",
    ]  # fmt: skip


def _watch_note(release: Release) -> str:
    """Of a release that took the place of another: for how long it is watched yet, or what came of it."""
    if release.watch is None:
        return ""
    if release.watch.verdict:
        return f" (was watched: {release.watch.verdict})"
    left = release.watch.until - now()
    return f" (watched for {left:.0f} s more)" if left > 0 else " (its watch ends with the next reconcile)"
