"""What is written to a receiver: what is wrong, since when, what to do, and the last change before it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from infra_specs.alerts.alert import Alert, LastChange
from infra_specs.alerts.decide import Notice
from infra_specs.alerts.kinds import TITLES

MOST_NAMED = 3
"""Alerts that a title names; it counts the others."""
LONGEST_NAME = 60
LONGEST_TEXT = 600
"""Characters that are shown of where an alert is, and of each text of it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the receivers of one stack. Its id is in the body: one that comes twice is known by it."""

    id: str
    stack: str
    title: str
    body: str


def message_of(notice: Notice) -> Message:
    """The message that tells of a notice."""
    lines = [*_section("", notice.begun), *_section("Still so:", notice.going_on), *_over(notice.over)]
    listed = f"All alerts: tenfold alerts list {notice.stack}"
    body = "\n".join([*lines, listed, f"Message {notice.id}"])
    return Message(notice.id, notice.stack, _title(notice), body)


def trial_message(stack: str, id: str) -> Message:
    """The message of `tenfold alerts test`."""
    body = f"This is a test of the alerts of {stack}. Nothing is wrong, and there is nothing to do.\nMessage {id}"
    return Message(id, stack, f"{stack}: a test of its alerts", body)


def title_of(alert: Alert) -> str:
    """`no healthy replica: web`."""
    where = _line(alert.where, LONGEST_NAME)
    return f"{TITLES[alert.kind]}: {where}" if where else TITLES[alert.kind]


def _title(notice: Notice) -> str:
    open_alerts = (*notice.begun, *notice.going_on)
    named = open_alerts or notice.over
    text = ", ".join(title_of(alert) for alert in named[:MOST_NAMED])
    if len(named) > MOST_NAMED:
        text += f" and {len(named) - MOST_NAMED} more"
    return f"{notice.stack}: {text}" if open_alerts else f"{notice.stack}: over: {text}"


def _section(head: str, alerts: tuple[Alert, ...]) -> Iterator[str]:
    if alerts and head:
        yield head
    for alert in alerts:
        yield _line(alert.what, LONGEST_TEXT)
        yield f"Since {clock(alert.since)}."
        yield f"What to do: {_line(alert.todo, LONGEST_TEXT)}"
        if alert.change is not None:
            yield _change_line(alert.change, alert.since)
        yield f"Alert {alert.id}"
        yield ""


def _over(alerts: tuple[Alert, ...]) -> Iterator[str]:
    for alert in alerts:
        assert alert.ended is not None, "it is over"
        lasted = duration(alert.ended - alert.since)
        yield f"Over: {title_of(alert)}, at {clock(alert.ended)}, after {lasted}. Alert {alert.id}"
    if alerts:
        yield ""


def _change_line(change: LastChange, since: float) -> str:
    undo = f" Undo it: {change.undo}" if change.undo else ""
    before = duration(max(0.0, since - change.at))
    reason = _line(change.reason, LONGEST_TEXT).rstrip(".")
    return f"The last change, {before} before: {change.verb}, run {change.run}, by {change.who}: {reason}.{undo}"


def _line(text: str, longest: int) -> str:
    """The text in one line, cut after so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 3].rstrip()}..."


def clock(moment: float) -> str:
    """`2026-11-30 02:15:04 UTC`."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h`, `2 days`: the largest unit of which there is more than one."""
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
