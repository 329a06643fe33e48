"""What runs where, and how well."""

import json as jsonlib
from collections.abc import Iterator
from functools import partial

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import open_installation, tenfold
from deployments.cli.terminal.output import Cell, console, lay, say
from deployments.cli.terminal.words import ago, human
from deployments.cli.views.checks import checks
from deployments.cli.views.checks import data as scaling_data
from deployments.cli.views.faults import data as faults_data
from deployments.cli.views.faults import end, tell
from deployments.cli.views.view import StackView, changing, data, look
from infra_specs.certificates.certificate import SOON_SECONDS, day, days
from infra_specs.releases.selection import ReleaseState, current
from infra_specs.resources.instance import Instance, State
from infra_specs.resources.services import serving_endpoints
from tasks.base.clock import now
from tasks.base.side_by_side import look_at
from tasks.ledger import Holder
from tasks.providers import preload

MARKS: dict[State, tuple[str, str]] = {
    "healthy": ("●", "green"),
    "starting": ("◌", "yellow"),
    "failed": ("✗", "red"),
    "ending": ("◌", "dim"),
}


def status(stack: str, *, json: bool) -> None:
    """`tenfold status`."""
    with open_installation() as place:
        known = place.stacks(stack)
        preload(one.target for one in known)
        views, faults = look_at({one.name: partial(look, place, one) for one in known})
        checked, scaling = checks(place), scaling_data(place)
    unplanned = tuple(view.fault for view in views.values() if view.fault)
    if json:
        told = {"stacks": [data(view) for view in views.values()], "scaling": scaling}
        print(jsonlib.dumps({**told, **faults_data((*faults, *unplanned))}, indent=2))
    else:
        _show_all(console(), list(views.values()), checked, known=bool(known))
        tell(faults)
    end((*faults, *unplanned))


def _show_all(to: Console, views: list[StackView], checked: Text | None, *, known: bool) -> None:
    if not known:
        say(to, f"Nothing here yet. Begin with: {tenfold()} demo")
    for at, view in enumerate(views):
        if at:
            to.print()
        show(to, view)
    if checked:
        to.print()
        say(to, checked)


def show(to: Console, view: StackView) -> None:
    """One stack: what it is, where it answers, who changes it, and each instance."""
    say(to, _title(view))
    lay(to, ([Text(name, "dim"), Text(url, "cyan")] for name, url in view.links.items()))
    if warning := certificate_warning(view.instances):
        say(to, Text(warning, "yellow"), indent=2)
    if view.fault:
        say(to, Text(f"Cannot be planned: {view.fault.why}", "yellow"), indent=2)
    if said := _not_proven(view):
        say(to, Text(said, "yellow"), indent=2)
    for one in view.advice:
        say(
            to, Text.assemble((f"Soon: {one.said}", "yellow"), f". See: {tenfold()} advise {view.known.name}"), indent=2
        )
    if view.holder:
        say(to, _lock(view.holder), indent=2)
    if view.drift and not view.drift.empty and changing(view.holder):
        say(to, Text(f"Still to do: {view.drift.summary}", "dim"), indent=2)
    elif view.drift and not view.drift.empty:
        drift = f"Not as wanted: {view.drift.summary}. Repaired on a timer, or now: "
        say(to, Text.assemble((drift, "yellow"), f"{tenfold()} reconcile {view.known.name}"), indent=2)
    if view.instances:
        to.print()
        lay(to, _rows(view.instances))


def _title(view: StackView) -> Text:
    name, known = (view.known.name, "bold"), view.known
    if not known.wanted:
        if view.silent:
            said = f": torn down {ago(now() - known.since)}; its target does not answer: {view.silent}"
            return Text.assemble(name, f" on {known.target}{said}")
        left = "its data is kept" if any(one.stateful for one in view.instances) else "nothing is left"
        back = f"; come back with {tenfold()} provision {known.name}"
        return Text.assemble(name, f" on {known.target}: torn down {ago(now() - known.since)}, {left}{back}")
    well = sum(one.health.state == "healthy" for one in view.instances)
    count = f"{well} of {len(view.instances)} healthy" if view.instances else "nothing runs"
    colour = "green" if view.instances and well == len(view.instances) else "yellow"
    runs = current(view.releases)
    since = f"{f', {runs}' if runs else ''}, last changed {ago(now() - known.since)}"
    return Text.assemble(name, f" on {known.target}: ", (count, colour), (since, "dim"))


def _not_proven(view: StackView) -> str:
    """What is to be said of the newest release, if it is not simply the one that runs."""
    newest = view.releases[0] if view.releases else None
    if newest is None or newest.state in (ReleaseState.HEALTHY, ReleaseState.ROLLED_BACK):
        return ""
    if newest.state is ReleaseState.ROLLING_OUT and changing(view.holder):
        return f"{newest} is on its way"
    back = current(view.releases)
    then = f"{back} is brought back on a timer" if back is not newest else "nothing was proven before it"
    return f"{newest} was not proven; {then}: {tenfold()} releases {view.known.name}"


def certificate_warning(instances: tuple[Instance, ...]) -> str:
    """A warning from a fortnight before the end of the one that is shown to browsers."""
    for one in instances:
        until = float(one.outputs.get("certificate_until") or "inf")
        names = one.outputs.get("certificate_names", "")
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
    for one in instances:
        mark, colour = MARKS[one.health.state]
        usual = one.health.state == "healthy"
        where = Text("" if one.kind == "route" else _where(one), "dim")
        rest = where if usual else Text(one.health.reason, colour)
        since = Text(human(moment - one.health.since), "dim")
        yield [Text(mark, colour), str(one), Text(one.health.state, colour), since, rest]


def _where(one: Instance) -> str:
    if one.members:
        return f"{len(serving_endpoints(one))} of {len(one.members)} copies serve"
    outputs = one.outputs
    host_and_port = f"{outputs['host']}:{outputs['port']}" if {"host", "port"} <= outputs.keys() else ""
    return host_and_port or outputs.get("endpoint") or outputs.get("path") or ""
