"""What is known now, and what was known before, become alerts and what is told of them.

An alert begins when its fault has lasted for as long as its kind says, and ends when the fault has not been seen for a
while. What is not known now neither begins nor ends anything. What is not listed any more, as a service that was taken
out of the file, ends at once. A fault that comes back soon after its end must stay away longer to end again, so that
a fault that comes and goes is not told of again and again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from infra_specs.alerts.alert import Alert, Finding, Key, alert_id
from infra_specs.alerts.kinds import RULES, Kind
from infra_specs.alerts.quiet import QuietHours, Silence, is_silenced

SLACK_SECONDS = 5.0
"""By which a check may come too early: without it a fault of a minute would wait for the check after."""
SETTLE_SECONDS = 60.0
"""Without the fault for so long, an alert is over."""
RETURNING_SETTLE_SECONDS = 900.0
"""The same for one that came back."""
RETURN_SECONDS = 3600.0
"""After its end; a fault that is seen again within it has come back."""
REPEAT_SECONDS = 86_400.0
"""Between two messages of an alert that goes on."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is told of a stack's alerts. `has_receivers`: without any, alerts are only listed."""

    has_receivers: bool = False
    quiet: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told of one stack at once: alerts that begin, that go on for another day, and that are over."""

    stack: str
    begun: tuple[Alert, ...] = ()
    going_on: tuple[Alert, ...] = ()
    over: tuple[Alert, ...] = ()

    @property
    def id(self) -> str:
        """The same for the same notice: made of its alerts, and of what is told of each."""
        parts = (("begun", self.begun), ("goes on", self.going_on), ("over", self.over))
        text = " ".join(f"{part} {alert.id} {alert.told}" for part, alerts in parts for alert in alerts)
        return alert_id((self.stack, "checks", text), 0.0)


@dataclass(frozen=True, slots=True)
class Decided:
    """The alerts as they are now, those that are kept on; those to forget, which never were alerts; what is told."""

    alerts: tuple[Alert, ...]
    forgotten: tuple[Alert, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """All that a decision is made from, beside what was known before.

    `kinds`: those that are decided on; alerts of others stay as they are. `unread`: stacks of which nothing is known
    now, so that what is not listed of them is not over.
    """

    moment: float
    findings: tuple[Finding, ...]
    kinds: Collection[Kind]
    audiences: Mapping[str, Audience] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    unread: Collection[str] = frozenset()


def decide(now: Look, known: Sequence[Alert]) -> Decided:
    """The alerts after this look, and the notices of it.

    `known`: all alerts that are not closed, and those that were closed within the last hour.
    """
    ours = [alert for alert in known if alert.kind in now.kinds]
    before = {alert.key: alert for alert in ours if not alert.closed}
    closed = [alert for alert in ours if alert.closed]
    findings = {finding.key: finding for finding in now.findings if finding.kind in now.kinds}
    after, forgotten = list[Alert](), list[Alert]()
    for key in dict.fromkeys((*before, *findings)):
        alert, finding = before.get(key), findings.get(key)
        new = _next(now, alert, finding, came_back=_came_back(closed, key, now.moment))
        if new is not None:
            after.append(new)
        elif alert is not None:
            forgotten.append(alert)
    told, notices = _told(now, after)
    return Decided(told, tuple(forgotten), notices)


def _came_back(closed: Iterable[Alert], key: Key, moment: float) -> bool:
    ends = (alert.ended for alert in closed if alert.key == key)
    return any(ended is not None and moment - ended < RETURN_SECONDS + RETURNING_SETTLE_SECONDS for ended in ends)


def _next(now: Look, alert: Alert | None, finding: Finding | None, *, came_back: bool) -> Alert | None:
    """The alert after this look; None for none."""
    if finding is None:
        return alert if alert is None or alert.stack in now.unread else _away(alert, now.moment, 0.0)
    if finding.is_fault is None:
        return alert
    if not finding.is_fault:
        wait = RETURNING_SETTLE_SECONDS if came_back else SETTLE_SECONDS
        return _away(alert, now.moment, wait) if alert else None
    return _seen(alert, finding, now.moment)


def _seen(alert: Alert | None, finding: Finding, moment: float) -> Alert:
    if alert is None:
        id = alert_id(finding.key, moment)
        alert = Alert(id, finding.stack, finding.kind, finding.where, finding.what, finding.todo, moment)
    if alert.raised is None and alert.since > moment:  # a clock was set back
        alert = replace(alert, since=moment)
    alert = replace(alert, what=finding.what, todo=finding.todo, clear=None, ended=None)
    if alert.raised is None and moment - alert.since >= RULES[alert.kind].lasts - SLACK_SECONDS:
        return replace(alert, raised=moment)
    return alert


def _away(alert: Alert, moment: float, wait: float) -> Alert | None:
    """The alert once its fault is not seen. One that was never raised is none."""
    if alert.raised is None:
        return None
    if alert.ended is not None:
        return alert
    clear = moment if alert.clear is None else min(alert.clear, moment)  # a clock may be set back
    if wait and moment - clear < wait - SLACK_SECONDS:
        return replace(alert, clear=clear)
    return replace(alert, clear=clear, ended=clear)


def _told(now: Look, alerts: Iterable[Alert]) -> tuple[tuple[Alert, ...], tuple[Notice, ...]]:
    """The alerts with what is told of them noted, and one notice for each stack that has one."""
    by_stack: dict[str, list[Alert]] = {}
    for alert in alerts:
        by_stack.setdefault(alert.stack, []).append(alert)
    after, notices = list[Alert](), list[Notice]()
    for stack, own in by_stack.items():
        free = [alert for alert in own if _may_be_told(now, alert)]
        begun = [alert for alert in free if alert.is_open and alert.told is None]
        going_on = [alert for alert in free if alert.is_open and _is_due_again(alert, now.moment)]
        over = [alert for alert in free if alert.ended is not None and alert.told is not None]
        notice = Notice(stack, tuple(begun), tuple(going_on), tuple(over))
        notices += [notice] if begun or going_on or over else []
        named = {alert.id for alert in (*begun, *going_on)}
        gone = {alert.id for alert in over}
        has_receivers = now.audiences.get(stack, Audience()).has_receivers
        after += (_noted(alert, now.moment, named, gone, has_receivers=has_receivers) for alert in own)
    return tuple(after), tuple(notices)


def _may_be_told(now: Look, alert: Alert) -> bool:
    audience = now.audiences.get(alert.stack, Audience())
    if not audience.has_receivers or is_silenced(now.silences, alert.stack, now.moment):
        return False
    is_quiet = audience.quiet is not None and audience.quiet.holds(now.moment)
    return not is_quiet or RULES[alert.kind].urgent


def _is_due_again(alert: Alert, moment: float) -> bool:
    return alert.told is not None and moment - alert.told >= REPEAT_SECONDS


def _noted(alert: Alert, moment: float, named: Collection[str], gone: Collection[str], *, has_receivers: bool) -> Alert:
    """The alert with what was told. One that is over is closed without a word if nobody heard of it, or can."""
    if alert.id in named:
        return replace(alert, told=moment)
    if alert.id in gone or (alert.ended is not None and (alert.told is None or not has_receivers)):
        return replace(alert, closed=True)
    return alert
