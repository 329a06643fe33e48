"""A replay as a chart and a table, as a picture, or as one JSON document."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import Cell, lay, say
from deployments.cli.terminal.words import clock_time, human
from infra_specs.errors import SpecError
from infra_specs.pricing.price import usd
from infra_specs.replay.chart import Line, in_blocks, svg
from infra_specs.replay.play import ReplayResult
from tasks.autoscaling.replay import WHOLE_DAYS, WINDOW_SECONDS, Replay

LABEL_WIDTH = 12
HEADINGS = ("", "lost", "replica-hours", "price", "most", "changes a day")


def data(replay: Replay) -> dict[str, Any]:
    """The results as JSON data. `smoothed` is the part of the demand of which only means are known."""
    smoothed = replay.smoothed_seconds / replay.seconds
    return {
        name: {
            "lost": result.lost_part, "requests": result.requests, "replica_hours": result.replica_hours,
            "price": result.price, "most": max(result.counts), "changes_a_day": result.actions_a_day,
            "smoothed": smoothed,
        }
        for name, result in replay.results.items()
    }  # fmt: skip


def show(to: Console, replay: Replay, *, picture: str = "") -> None:
    """The demand and the counts as bars, and what each policy lost and cost. `picture` is the file it is drawn in."""
    request = replay.request
    since = f"of {request.table}" if request.table else f"from {clock_time(replay.demand[0].at)} on"
    title = f": {human(replay.seconds)} {since}, as if nothing had been scaled"
    say(to, Text.assemble((f"{request.service} of {replay.stack}", "bold"), title))
    most = max(*replay.replicas_needed, *(max(result.counts) for result in replay.results.values()))
    columns = min(to.width, 120) - LABEL_WIDTH - 8
    to.print()
    bars: list[list[Cell]] = [[Text("demand", "dim"), Text(in_blocks(replay.replicas_needed, most, columns))]]
    bars += [
        [Text(name, "dim"), Text(in_blocks(result.counts, most, columns), "cyan")]
        for name, result in replay.results.items()
    ]
    lay(to, bars)
    to.print()
    head: list[Cell] = [Text(heading, "dim") for heading in HEADINGS]
    lay(to, [head, *(_row(name, result) for name, result in replay.results.items())])
    if picture:
        say(to, f"Drawn in {picture}", indent=2)
    if replay.smoothed_seconds:
        _warn_of_means(to, replay)


def draw(file: str, replay: Replay) -> None:
    """Write the demand and the counts as an SVG. Raises SpecError for a file that cannot be written."""
    lines = [Line(name, result.counts) for name, result in replay.results.items()]
    title = f"{replay.request.service} of {replay.stack}"
    picture = svg(title, replay.replicas_needed, lines, replay.demand[0].at, WINDOW_SECONDS)
    try:
        Path(file).write_text(picture, encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{file} cannot be written: {error.strerror}. Name another file.") from error


def _warn_of_means(to: Console, replay: Replay) -> None:
    to.print()
    smoothed = human(min(replay.smoothed_seconds, replay.seconds))
    part = f"{smoothed} of these {human(replay.seconds)} are means of five minutes"
    say(to, Text(f"Careful: {part}, and the last {WHOLE_DAYS} days alone are kept whole.", "bold yellow"))
    say(
        to,
        "Means have no noise: less is lost in them than was, and a careful policy looks like a waste. Compare policies "
        f"on what is kept whole (--days {WHOLE_DAYS}), or on a table of your own (--csv).",
        indent=2,
    )


def _row(name: str, result: ReplayResult) -> list[Cell]:
    return [
        Text(name, "bold"), f"{100 * result.lost_part:.3f} %", f"{result.replica_hours:,.1f}", usd(result.price),
        str(max(result.counts)), f"{result.actions_a_day:.0f}",
    ]  # fmt: skip
