"""Deploy and rollback: what is refused at once, what is said before, and what is submitted."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from deployments.cli.following.submit import RunRequest, carry_out
from deployments.cli.installation import open_installation
from deployments.cli.terminal.output import console, say
from infra_specs.desired import StackSnapshot, desired_with_release
from infra_specs.errors import SpecError
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.releases.differences import differences
from infra_specs.releases.manifest import ReleaseManifest
from tasks.stack.record import recorded_snapshot
from tasks.stack.release import current_manifest, deploy_target, rollback_target

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
    with open_installation() as place:
        snapshot = recorded_snapshot(place.ledger, stack)
        new = deploy_target(snapshot, service, settings=settings, env=env)
        _show(snapshot, new)
        parameters = {"stack": stack, "service": service, **settings, "env": env, **how, "wait": wait}
        carry_out(place, RunRequest("deploy", parameters, (stack,), detach))


def rollback(stack: str, release: int, *, wait: bool, detach: bool) -> None:
    """`tenfold rollback`."""
    with open_installation() as place:
        snapshot = recorded_snapshot(place.ledger, stack)
        then = rollback_target(place.ledger, snapshot, release)
        say(console(), Text.assemble((stack, "bold"), f": back to {then}"))
        _show(snapshot, then.content)
        # The number that was shown, not 0: a run that was cut off at its very end and is made again goes nowhere else.
        parameters = {"stack": stack, "release": then.number, "wait": wait}
        carry_out(place, RunRequest("rollback", parameters, (stack,), detach))


def _show(snapshot: StackSnapshot, new: ReleaseManifest) -> None:
    refuse_over_budget(snapshot.stack.name, desired_with_release(snapshot, new).price)
    for line in differences(current_manifest(snapshot), new):
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
