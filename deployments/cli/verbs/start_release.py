"""Deploy and rollback: what is refused at once, what is said before, and what is submitted."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from deployments.cli.following.submit import Order, carry_out
from deployments.cli.installation import Here, here
from deployments.cli.terminal.output import console, say
from infra_specs.errors import SpecError
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.releases.content import Content
from infra_specs.releases.differences import differences
from infra_specs.stackfile.models.stack import Stack
from tasks.stack.record import remembered, wish_with
from tasks.stack.release import runs, to_deploy, to_roll_back_to

Variables = tuple[Sequence[str], Sequence[str], Sequence[str]]
"""Those to be set, to be set to a secret, and to be removed, as they were typed."""


def deploy(
    stack: str,
    service: str,
    given: Mapping[str, Any],
    variables: Variables,
    how: Mapping[str, float],
    *,
    wait: bool,
    detach: bool,
) -> None:
    """`tenfold deploy`."""
    settings, env = {name: value for name, value in given.items() if value}, _env(*variables)
    with here() as place:
        spec, source = remembered(place.ledger, stack)
        new = to_deploy(place.ledger, spec, source, service, settings=settings, env=env)
        _show(place, spec, source, new)
        parameters = {"stack": stack, "service": service, **settings, "env": env, **how, "wait": wait}
        carry_out(place, Order("deploy", parameters, (stack,), detach))


def rollback(stack: str, release: int, *, wait: bool, detach: bool) -> None:
    """`tenfold rollback`."""
    with here() as place:
        spec, source = remembered(place.ledger, stack)
        then = to_roll_back_to(place.ledger, spec, source, release)
        say(console(), Text.assemble((stack, "bold"), f": back to {then}"))
        _show(place, spec, source, then.content)
        # The number that was shown, not 0: a run that was cut off at its very end and is made again goes nowhere else.
        parameters = {"stack": stack, "release": then.number, "wait": wait}
        carry_out(place, Order("rollback", parameters, (stack,), detach))


def _show(place: Here, spec: Stack, source: str, new: Content) -> None:
    refuse_over_budget(spec.name, wish_with(place.ledger, spec, source, new).price)
    for line in differences(runs(place.ledger, spec, source), new):
        say(console(), line, indent=2)


def _env(settings: Sequence[str], secrets: Sequence[str], removed: Sequence[str]) -> dict[str, Any]:
    env: dict[str, Any] = {}
    for option, typed in (("--env", settings), ("--secret", secrets)):
        for one in typed:
            name, equals, value = one.partition("=")
            if not name or not equals:
                raise SpecError(f"{option}: found `{one}`, write NAME=VALUE.")
            env[name] = value if option == "--env" else {"secret": value}
    return env | dict.fromkeys(removed)
