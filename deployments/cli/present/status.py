"""What runs where, and how well."""

import json as jsonlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.here import Here, here, tenfold
from deployments.cli.present.terminal import Cell, console, lay, say
from deployments.cli.present.words import ago, human
from infra_specs.errors import LedgerError, TenfoldError
from infra_specs.plan.instance import Instance, State
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.spec.load import stored
from tasks.clock import now
from tasks.ledger import Holder, Wanted
from tasks.wish import wish

marks: dict[State, tuple[str, str]] = {
    "healthy": ("●", "green"),
    "starting": ("◌", "yellow"),
    "failed": ("✗", "red"),
}


@dataclass(frozen=True, slots=True)
class View:
    """One stack as it is at this moment."""

    known: Wanted
    instances: tuple[Instance, ...]
    holder: Holder | None
    drift: Plan | None
    """What a reconcile would do; None where nothing is wanted, or where that cannot be planned now."""

    @property
    def links(self) -> dict[str, str]:
        """Service -> where it answers."""
        return links_of(self.instances)


def status(stack: str, *, json: bool) -> None:
    """`tenfold status`."""
    with here() as place:
        known = place.ledger.stacks()
        if stack and stack not in {one.name for one in known}:
            raise LedgerError(
                f"No stack is called `{stack}`. Known: {', '.join(one.name for one in known) or 'none yet'}."
            )
        views = [look(place, one) for one in known if stack in ("", one.name)]
    if json:
        print(jsonlib.dumps({"stacks": [data(view) for view in views]}, indent=2))
        return
    to = console()
    if not views:
        say(to, f"Nothing here yet. Begin with: {tenfold()} demo")
    for at, view in enumerate(views):
        if at:
            to.print()
        show(to, view)


def look(place: Here, known: Wanted) -> View:
    """One stack, seen now."""
    stack = stored(known.spec)
    instances, holder = place.observed(stack), place.ledger.holder(known.name)
    if not known.wanted:
        return View(known, instances, holder, None)
    try:
        wanted = wish(place.ledger, stack, known.source).resources
    except TenfoldError:
        return View(known, instances, holder, None)  # tenfold plan says why; what runs can be seen all the same
    return View(known, instances, holder, make_plan(known.name, wanted, instances))


def links_of(instances: tuple[Instance, ...]) -> dict[str, str]:
    """Service -> where it answers."""
    routes = (one for one in instances if one.kind == "route" and one.outputs.get("url"))
    return {one.address.removeprefix("route/"): one.outputs["url"] for one in routes}


def data(view: View) -> dict[str, Any]:
    """The same as JSON data; outputs hold no secret."""
    holder, drift = view.holder, view.drift
    return {
        "name": view.known.name,
        "target": view.known.target,
        "wanted": view.known.wanted,
        "since": view.known.since,
        "links": view.links,
        "lock": {"who": str(holder.owner), "since": holder.since, "until": holder.until} if holder else None,
        "drift": drift.summary if drift and not drift.empty else None,
        "replicas_asked_for": view.known.overrides,
        "instances": [
            {
                "address": one.address,
                "kind": one.kind,
                "incarnation": one.incarnation,
                "state": one.health.state,
                "reason": one.health.reason,
                "since": one.health.since,
                "outputs": dict(one.outputs),
                "holds_data": one.durable,
            }
            for one in view.instances
        ],
    }


def show(to: Console, view: View) -> None:
    """One stack: what it is, where it answers, who changes it, and each instance."""
    say(to, _title(view))
    lay(to, ([Text(name, "dim"), Text(url, "cyan")] for name, url in view.links.items()))
    if view.holder:
        say(to, _lock(view.holder), indent=2)
    if view.drift and not view.drift.empty:
        drift = f"Not as wanted: {view.drift.summary}. Repaired on a timer, or now: "
        say(to, Text.assemble((drift, "yellow"), f"{tenfold()} reconcile {view.known.name}"), indent=2)
    if view.instances:
        to.print()
        lay(to, _rows(view.instances))


def _title(view: View) -> Text:
    name, known = (view.known.name, "bold"), view.known
    if not known.wanted:
        left = "its data is kept" if any(one.durable for one in view.instances) else "nothing is left"
        back = f"; come back with {tenfold()} provision {known.name}"
        return Text.assemble(name, f" on {known.target}: torn down {ago(now() - known.since)}, {left}{back}")
    well = sum(one.health.state == "healthy" for one in view.instances)
    count = f"{well} of {len(view.instances)} healthy" if view.instances else "nothing runs"
    colour = "green" if view.instances and well == len(view.instances) else "yellow"
    since = f", last changed {ago(now() - known.since)}"
    return Text.assemble(name, f" on {known.target}: ", (count, colour), (since, "dim"))


def _lock(holder: Holder) -> Text:
    moment = now()
    late = f"; its lease ran out {ago(moment - holder.until)}" if holder.until < moment else ""
    return Text.assemble(("Being changed", "yellow"), f" by {holder.owner} for {human(moment - holder.since)}{late}")


def _rows(instances: tuple[Instance, ...]) -> Iterator[list[Cell]]:
    moment = now()
    for one in instances:
        mark, colour = marks[one.health.state]
        usual = one.health.state == "healthy"
        where = Text("" if one.kind == "route" else _where(one), "dim")
        rest = where if usual else Text(one.health.reason, colour)
        since = Text(human(moment - one.health.since), "dim")
        yield [Text(mark, colour), str(one), Text(one.health.state, colour), since, rest]


def _where(one: Instance) -> str:
    outputs = one.outputs
    host_and_port = f"{outputs['host']}:{outputs['port']}" if {"host", "port"} <= outputs.keys() else ""
    return host_and_port or outputs.get("endpoint") or outputs.get("path") or ""
