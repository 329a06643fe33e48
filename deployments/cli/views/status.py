"""What runs where, and how well."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import tenfold
from deployments.cli.terminal.output import Cell, lay, say
from deployments.cli.terminal.words import ago, counted, human
from deployments.cli.views.backups import age_line
from deployments.cli.views.stack_view import StackView, changing
from infra_specs.certificates.validity import SOON_SECONDS, day, days
from infra_specs.releases.selection import ReleaseState, current
from infra_specs.resources.instance import Instance, State
from infra_specs.resources.services import serving_endpoints
from tasks.base.clock import now
from tasks.ledger import Holder
from tasks.ledger.locks import utc

MARKS: dict[State, tuple[str, str]] = {
    "healthy": ("●", "green"),
    "starting": ("◌", "yellow"),
    "unready": ("○", "yellow"),
    "failed": ("✗", "red"),
    "ending": ("◌", "dim"),
}


def show_all(to: Console, views: Sequence[StackView], last_check: Text | None, *, any_known: bool) -> None:
    """Every stack with an empty line between them, and the last autoscale check."""
    if not any_known:
        say(to, f"Nothing here yet. Begin with: {tenfold()} demo")
    for number, view in enumerate(views):
        if number:
            to.print()
        show(to, view)
    if last_check:
        to.print()
        say(to, last_check)


def show(to: Console, view: StackView) -> None:
    """One stack: its state, its addresses, who changes it, and each instance."""
    name = view.record.name
    say(to, _title(view))
    lay(to, ([Text(service, "dim"), Text(url, "cyan")] for service, url in view.links.items()))
    for line in _certificates_and_backup(view):
        say(to, line, indent=2)
    if view.fault:
        say(to, Text(f"Cannot be planned: {view.fault.why}", "yellow"), indent=2)
    if note := _release_note(view):
        say(to, Text(note, "yellow"), indent=2)
    for advice in view.advice:
        say(to, Text.assemble((f"Soon: {advice.said}", "yellow"), f". See: {tenfold()} advise {name}"), indent=2)
    if view.holder:
        say(to, _lock(view.holder), indent=2)
    if not changing(view.holder):
        for note in _backed_off(view):
            say(to, Text(note, "yellow"), indent=2)
    if view.drift and not view.drift.empty and changing(view.holder):
        say(to, Text(f"Still to do: {view.drift.summary}", "dim"), indent=2)
    elif view.drift and not view.drift.empty:
        drift = f"Not as wanted: {view.drift.summary}. Repaired on a timer, or now: "
        say(to, Text.assemble((drift, "yellow"), f"{tenfold()} reconcile {name}"), indent=2)
    if view.instances:
        to.print()
        lay(to, _rows(view.instances))
    if view.history:
        to.print()
        say(to, Text("Kept for its log, and no part of what runs:", "dim"), indent=2)
        lay(to, _history_rows(view.history))


def _certificates_and_backup(view: StackView) -> Iterator[Text]:
    if warning := certificate_warning(view.instances):
        yield Text(warning, "yellow")
    for certificate in view.certificates:
        yield Text(certificate.text, "yellow" if certificate.loud else "dim")
    if view.backup:
        yield age_line(view.backup)


def _title(view: StackView) -> Text:
    record = view.record
    head, changed = ((record.name, "bold"), f" on {record.target}: "), ago(now() - view.last_changed)
    if not record.wanted:
        return Text.assemble(*head, f"torn down {changed}{_what_is_left(view)}")
    healthy = sum(instance.health.state == "healthy" for instance in view.instances)
    count = f"{healthy} of {len(view.instances)} healthy" if view.instances else "nothing runs"
    colour = "green" if view.instances and healthy == len(view.instances) else "yellow"
    running = current(view.releases)
    release = f", {running}" if running else ""
    return Text.assemble(*head, (count, colour), (f"{release}, last changed {changed}", "dim"))


def _what_is_left(view: StackView) -> str:
    if view.silent:
        return f"; its target does not answer: {view.silent}"
    name, data = view.record.name, any(instance.stateful for instance in view.instances)
    unfinished = sum(not instance.stateful for instance in view.instances)
    if unfinished and not changing(view.holder):
        return f", but {unfinished} of its resources still exist; finish with {tenfold()} teardown {name}"
    return f", {'its data is kept' if data else 'nothing is left'}; come back with {tenfold()} provision {name}"


def _release_note(view: StackView) -> str:
    """A note about the newest release, unless it simply runs."""
    newest = view.releases[0] if view.releases else None
    if newest is None or newest.state in (ReleaseState.HEALTHY, ReleaseState.ROLLED_BACK):
        return ""
    if newest.state is ReleaseState.ROLLING_OUT and changing(view.holder):
        return f"{newest} is on its way"
    previous = current(view.releases)
    consequence = f"{previous} is brought back on a timer" if previous is not newest else "nothing was proven before it"
    return f"{newest} was not proven; {consequence}: {tenfold()} releases {view.record.name}"


def _backed_off(view: StackView) -> Iterator[str]:
    """What the timer leaves alone after failures, and until when: the stack, or some of its addresses."""
    name = view.record.name
    how = f"or now: {tenfold()} reconcile {name}. Why: {tenfold()} history {name}"
    if until := view.rest.stack_until:
        failures = sum(1 for _ in takewhile(lambda run: run.state == "failed", view.runs))
        yield f"The last {counted(failures, 'run')} failed: the timer tries again at {_moment(until)}, {how}"
        return
    for address, until in view.rest.addresses.items():
        yield f"The repair of {address} failed: the timer tries again at {_moment(until)}, {how}"


def _moment(until: float) -> str:
    return f"{utc(until)} (in {human(until - now())})"


def certificate_warning(instances: tuple[Instance, ...]) -> str:
    """A warning from a fortnight before the proxy's certificate expires."""
    for instance in instances:
        until = float(instance.outputs.get("certificate_until") or "inf")
        names = instance.outputs.get("certificate_names", "")
        if until <= now():
            return f"The certificate for {names} expired on {day(until)}: browsers refuse it. Renew it."
        if until - now() < SOON_SECONDS:
            return f"The certificate for {names} expires in {days(until - now())}, on {day(until)}. Renew it."
    return ""


def _lock(holder: Holder) -> Text:
    since = human(now() - holder.since)
    if changing(holder):
        return Text.assemble(("Being changed", "yellow"), f" by {holder.owner} for {since}")
    return Text.assemble(("Left unfinished", "yellow"), f" by {holder.owner}, which began {since} ago and is gone")


def _rows(instances: tuple[Instance, ...]) -> Iterator[list[Cell]]:
    moment = now()
    for instance in instances:
        state = instance.health.state
        mark, colour = MARKS[state]
        address = Text("" if instance.kind == "route" else _address_text(instance), "dim")
        last = address if state == "healthy" else Text(instance.health.reason, colour)
        since = Text(human(moment - instance.health.since), "dim")
        yield [Text(mark, colour), str(instance), Text(state, colour), since, last]


def _history_rows(instances: tuple[Instance, ...]) -> Iterator[list[Cell]]:
    for instance in instances:
        since = human(now() - instance.health.since)
        yield [Text(text, "dim") for text in ("·", str(instance), "ended", since, instance.health.reason)]


def _address_text(instance: Instance) -> str:
    if instance.members:
        return f"{len(serving_endpoints(instance))} of {len(instance.members)} copies serve"
    outputs = instance.outputs
    host_and_port = f"{outputs['host']}:{outputs['port']}" if {"host", "port"} <= outputs.keys() else ""
    return host_and_port or outputs.get("endpoint") or outputs.get("path") or ""
