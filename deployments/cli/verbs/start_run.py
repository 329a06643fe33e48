"""The verbs that change: what is refused at once, what is submitted, and what is said at the end."""

import sys
from contextlib import suppress
from typing import Any

import typer
from rich.text import Text

from deployments.cli.following.submit import RunRequest, carry_out
from deployments.cli.installation import Installation, open_installation, resolve_stack, tenfold
from deployments.cli.terminal.output import console, say
from deployments.cli.views import plan as present
from infra_specs.desired import DesiredStack, StackSnapshot, desired_from_spec
from infra_specs.errors import PlanError, ProviderError
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.scaling.by_hand import manual_count_note
from tasks.stack.preflight import refuse_unstartable
from tasks.stack.record import recorded_spec, snapshot_of


def provision(what: str, *, wait: bool, detach: bool) -> None:
    """`tenfold provision`."""
    with open_installation() as place:
        meant = resolve_stack(place.ledger, what)
        snapshot = snapshot_of(place.ledger, meant.stack, meant.source)
        wished = desired_from_spec(snapshot)
        refuse_over_budget(meant.stack.name, wished.price)
        _refuse_unstartable(place, snapshot, wished)
        present.head(console(), wished)
        order = RunRequest("provision", {**meant.parameters, "wait": wait}, (meant.stack.name,), detach)
        carry_out(place, order)


def scale(stack: str, service: str, replicas: int, *, wait: bool, detach: bool) -> None:
    """`tenfold scale`."""
    parameters = {"stack": stack, "service": service, "replicas": replicas, "wait": wait}
    with open_installation() as place:
        spec, _ = recorded_spec(place.ledger, stack)
        carry_out(place, RunRequest("scale", parameters, (stack,), detach))
        if service in spec.services and (said := manual_count_note(service, spec.services[service])):
            say(console(), Text(said, "dim"), indent=2)


def teardown(stack: str, *, delete_data: bool, yes: bool, wait: bool, detach: bool) -> None:
    """`tenfold teardown`."""
    with open_installation() as place:
        spec, _ = recorded_spec(place.ledger, stack)
        if delete_data and not yes:
            data = [str(one) for one in place.observed(spec) if one.stateful]
            _confirm(stack, data)
        parameters = {"stack": stack, "delete_data": delete_data, "wait": wait}
        carry_out(place, RunRequest("teardown", parameters, (stack,), detach))


def reconcile(stack: str, *, detach: bool) -> None:
    """`tenfold reconcile`."""
    if stack:
        _on_known("reconcile", stack, {"stack": stack}, detach)
        return
    with open_installation() as place:
        names = tuple(known.name for known in place.ledger.stacks() if known.wanted)
        carry_out(place, RunRequest("reconcile", {"stack": ""}, names, detach))


def autoscale(*, detach: bool) -> None:
    """`tenfold autoscale`."""
    with open_installation() as place:
        carry_out(place, RunRequest("autoscale", {}, (), detach))


def grow(stack: str) -> None:
    """`tenfold grow`. It is not followed: a person's word is waited for, elsewhere."""
    _on_known("grow", stack, {"stack": stack}, detach=True)


def _on_known(verb: str, stack: str, parameters: dict[str, Any], detach: bool) -> None:
    with open_installation() as place:
        recorded_spec(place.ledger, stack)
        carry_out(place, RunRequest(verb, parameters, (stack,), detach))


def _refuse_unstartable(place: Installation, snapshot: StackSnapshot, wished: DesiredStack) -> None:
    """As the run would, but before there is one. What does not answer from here may answer the run."""
    with suppress(ProviderError), place.target(wished.stack) as target:
        refuse_unstartable(target, snapshot, wished)


def _confirm(stack: str, data: list[str]) -> None:
    """Have the stack's name typed before its data is deleted. Raises PlanError where it is not, or nobody can type."""
    if not data:
        return
    what = f"This deletes the data of {stack} for ever: {', '.join(data)}."
    if not at_a_terminal():
        raise PlanError(f"{what} Say that you mean it: {tenfold()} teardown {stack} --delete-data --yes")
    say(console(), Text(what, "bold red"))
    if typer.prompt("Type the stack's name to go on", default="", show_default=False) != stack:
        raise PlanError(f"Nothing was deleted: that is not {stack}.")


def at_a_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()
