"""The users that there were, played through the policy that is there and through another."""

import json as jsonlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.text import Text

from deployments.cli.installation import Installation, open_installation
from deployments.cli.terminal.output import Cell, console, lay, say
from deployments.cli.terminal.words import clock_time, human
from infra_specs.errors import LedgerError, PlanError, SpecError
from infra_specs.pricing.price import usd
from infra_specs.replay.chart import Line, in_blocks, svg
from infra_specs.replay.demand import Point, Window, from_table, windows
from infra_specs.replay.play import ReplayResult, play
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import policy_of
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.autoscaling.scaled_stack import DEFAULT_START_SECONDS, ScaledStack
from tasks.base.clock import now
from tasks.ledger import StackRecord
from tasks.stack.record import recorded_spec

KEPT_WHOLE_DAYS = 2
"""Days of which every window is kept; of earlier ones means of five minutes."""
MEAN_SECONDS = 300.0
FINEST_SECONDS = 15.0
"""Seconds of a window that is played."""
LABEL_WIDTH = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """What `tenfold replay` was asked for. `table` and `policy` are files or empty; `interval` in seconds."""

    stack: str
    service: str
    table: str = ""
    interval: float = 60.0
    days: float = 1.0
    policy: str = ""
    picture: str = ""


def replay(asked: Asked, *, json: bool) -> None:
    """`tenfold replay`. Raises LedgerError where nothing was measured, SpecError for a file with faults, PlanError for
    a service that is not there."""
    with open_installation() as place:
        stack, _ = recorded_spec(place.ledger, asked.stack)
        if asked.service not in stack.services:
            raise PlanError(f"{stack.name} has no service `{asked.service}`. It has: {', '.join(stack.services)}.")
        known = place.ledger.stack_record(asked.stack)
        assert known is not None
        points, smoothed = _points(place, stack, asked)
        users = windows(points, FINEST_SECONDS)
        if not users:
            raise LedgerError(
                f"Too little was measured of {asked.service} of {asked.stack} in this time. Give --days, or a --csv."
            )
        start = place.ledger.startup_times().get((asked.stack, asked.service), DEFAULT_START_SECONDS)
    played = {"policy": _play(known, stack, asked.service, users, start)}
    if asked.policy:
        other = _with_policy(stack, asked)
        played["other"] = _play(known, other, asked.service, users, start)
    demand = [one.in_flight / stack.services[asked.service].capacity for one in users]
    if asked.picture:
        _draw(Path(asked.picture), asked, demand, played, users[0].at)
    if json:
        told = {
            name: _data(one) | {"smoothed": smoothed / (len(users) * FINEST_SECONDS)} for name, one in played.items()
        }
        print(jsonlib.dumps(told, indent=2))
    else:
        _show(console(), asked, users, demand, played)
        if smoothed:
            _warn(console(), smoothed, len(users) * FINEST_SECONDS)


def _points(place: Installation, stack: Stack, asked: Asked) -> tuple[tuple[Point, ...], float]:
    """The users that there were, and for how many seconds of it only means of five minutes are known."""
    if asked.table:
        return from_table(_text(asked.table), asked.interval, stack.users.response_time, asked.table), 0.0
    until = now()
    since = until - asked.days * 86_400
    samples = place.ledger.samples(asked.stack, asked.service, since, until)
    whole = tuple((one.at - one.seconds, one.requests_per_second, one.in_flight) for one in samples)
    if asked.days <= KEPT_WHOLE_DAYS:
        return whole, 0.0
    began = whole[0][0] if whole else until
    kept = place.ledger.measurements(asked.stack, asked.service, since, until)
    earlier = tuple(
        (one.at, one.requests_per_second, one.in_flight)
        for one in kept
        if one.at + MEAN_SECONDS <= began + FINEST_SECONDS
    )
    return (*earlier, *whole), MEAN_SECONDS * len(earlier)


def _play(known: StackRecord, stack: Stack, service: str, users: tuple[Window, ...], start: float) -> ReplayResult:
    told = replace(known, spec=stack.model_dump(mode="json", by_alias=True))
    nothing = Measurement(users[0].at, FINEST_SECONDS)
    about = ScaledStack.of(told).scaling_input(
        service, nothing, now=users[0].at, interval=FINEST_SECONDS, start_seconds=start
    )
    return play(policy_of(stack.services[service].scaling), about, users, FINEST_SECONDS)


def _with_policy(stack: Stack, asked: Asked) -> Stack:
    """The stack with another `scaling` for the service, and `replicas` and `capacity` if the file has them."""
    try:
        told = yaml.safe_load(_text(asked.policy))
    except yaml.YAMLError as error:
        raise SpecError(f"{asked.policy} is not YAML: {error}") from None
    if not isinstance(told, dict):
        raise SpecError(f"{asked.policy}: must be a mapping such as {{window: 5m}}, as under a service's `scaling`.")
    spec = stack.model_dump(mode="json", by_alias=True)
    spec["services"][asked.service] |= told if "scaling" in told else {"scaling": told}
    return from_data(spec, asked.policy)


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SpecError(f"{file} cannot be read: {why}.") from error


def _show(
    to: Console, asked: Asked, users: tuple[Window, ...], demand: list[float], played: dict[str, ReplayResult]
) -> None:
    length = len(users) * FINEST_SECONDS
    when = f"{human(length)} of {asked.table}" if asked.table else f"{human(length)} from {clock_time(users[0].at)} on"
    say(to, Text.assemble((f"{asked.service} of {asked.stack}", "bold"), f": {when}, as if nothing had been scaled"))
    most = max(*demand, *(max(one.counts) for one in played.values()))
    columns = min(to.width, 120) - LABEL_WIDTH - 8
    to.print()
    rows: list[list[Cell]] = [[Text("demand", "dim"), Text(in_blocks(demand, most, columns))]]
    rows += [[Text(name, "dim"), Text(in_blocks(one.counts, most, columns), "cyan")] for name, one in played.items()]
    lay(to, rows)
    to.print()
    head: list[Cell] = [Text(each, "dim") for each in ("", "lost", "replica-hours", "price", "most", "changes a day")]
    lay(to, [head, *(_row(name, one) for name, one in played.items())])
    if asked.picture:
        say(to, f"Drawn in {asked.picture}", indent=2)


def _warn(to: Console, smoothed: float, length: float) -> None:
    """What is played of means is not what there was."""
    to.print()
    part = f"{human(min(smoothed, length))} of these {human(length)} are means of five minutes"
    say(to, Text(f"Careful: {part}, and the last {KEPT_WHOLE_DAYS} days alone are kept whole.", "bold yellow"))
    say(
        to,
        "Means have no noise: less is lost in them than was, and a careful policy looks like a waste. Compare policies "
        f"on what is kept whole (--days {KEPT_WHOLE_DAYS}), or on a table of your own (--csv).",
        indent=2,
    )


def _row(name: str, played: ReplayResult) -> list[Cell]:
    return [
        Text(name, "bold"), f"{100 * played.lost_part:.3f} %", f"{played.replica_hours:,.1f}", usd(played.price),
        str(max(played.counts)), f"{played.actions_a_day:.0f}",
    ]  # fmt: skip


def _data(played: ReplayResult) -> dict[str, Any]:
    return {
        "lost": played.lost_part, "requests": played.requests, "replica_hours": played.replica_hours,
        "price": played.price, "most": max(played.counts), "changes_a_day": played.actions_a_day,
    }  # fmt: skip


def _draw(path: Path, asked: Asked, demand: list[float], played: dict[str, ReplayResult], began: float) -> None:
    lines = [Line(name, one.counts) for name, one in played.items()]
    picture = svg(f"{asked.service} of {asked.stack}", demand, lines, began, FINEST_SECONDS)
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise SpecError(f"{path} cannot be written: {error.strerror}. Name another file.") from error
