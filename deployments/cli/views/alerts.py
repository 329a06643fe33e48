"""Alerts in a terminal or as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import say
from infra_specs.alerts.alert import Alert
from infra_specs.alerts.message import clock, duration, title_of
from infra_specs.alerts.quiet import Silence
from tasks.base.clock import now
from tasks.ledger.messages import Receiver


def show(to: Console, alerts: Sequence[Alert], silences: Sequence[Silence]) -> None:
    """Each alert with what to do, those that go on first; and the stacks that are silent."""
    if not any(alert.ended is None for alert in alerts):
        say(to, "Nothing is wrong.")
    for alert in alerts:
        _show_one(to, alert)
    for silence in silences:
        why = f": {silence.why}" if silence.why else ""
        say(to, f"Nobody is told of {silence.stack} until {clock(silence.until)}{why}. End it: tenfold silence "
                f"{silence.stack} 0")  # fmt: skip


def data(alerts: Iterable[Alert], silences: Iterable[Silence]) -> dict[str, Any]:
    """The same as plain data."""
    return {
        "alerts": [asdict(alert) for alert in alerts],
        "silences": [asdict(silence) for silence in silences],
    }


def show_trial(to: Console, answers: Mapping[Receiver, str]) -> None:
    """Who took the test message, and why others did not."""
    for receiver, fault in answers.items():
        if fault:
            say(to, Text(f"✗ {receiver.name}: {fault}", "red"))
        else:
            say(to, Text(f"● {receiver.name} took the message", "green"))


def trial_data(answers: Mapping[Receiver, str]) -> list[dict[str, Any]]:
    """The same as plain data."""
    return [{"receiver": receiver.name, "taken": not fault, "fault": fault} for receiver, fault in answers.items()]


def _show_one(to: Console, alert: Alert) -> None:
    if alert.ended is None:
        head = Text(f"✗ {alert.stack}: {title_of(alert)}, for {duration(now() - alert.since)}", "red")
    else:
        lasted = duration(alert.ended - alert.since)
        head = Text(f"○ {alert.stack}: over: {title_of(alert)}, at {clock(alert.ended)}, after {lasted}", "dim")
    say(to, head)
    say(to, f"  {alert.what}")
    if alert.ended is None:
        say(to, f"  What to do: {alert.todo}")
    if alert.change is not None:
        undo = f" Undo it: {alert.change.undo}" if alert.change.undo and alert.ended is None else ""
        before = duration(max(0.0, alert.since - alert.change.at))
        say(to, f"  The last change, {before} before: {alert.change.verb}, {alert.change.reason.rstrip('.')}.{undo}")
