"""`tenfold exec`: a command beside a replica's program."""

import sys
from collections.abc import Sequence

from deployments.cli.installation import open_installation
from infra_specs.errors import PlanError
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from tasks.stack.record import recorded_spec

SHELL = ("sh", "-c", "command -v bash >/dev/null && exec bash; exec sh")
"""The better one, if it is there."""
KINDS_WITHOUT_PROGRAM = ("volume", "route")
"""Kinds in which nothing runs."""


def execute(stack: str, replica: str, command: Sequence[str]) -> int:
    """Run it, with this terminal if there is one; returns its exit code."""
    with open_installation() as place:
        spec, _ = recorded_spec(place.ledger, stack)
        with place.target(spec) as target:
            if target.shell is None:
                raise PlanError(f"Nothing runs on the target {spec.target.provider}, so nothing can run beside it.")
            one = chosen(target.observe(stack), replica)
            return target.shell.execute(one, command or SHELL, terminal=sys.stdin.isatty() and sys.stdout.isatty())


def chosen(instances: Sequence[Instance], name: str) -> Instance:
    """The instance of that name (web-0), address or incarnation; of several the newest that has not failed.

    Raises PlanError naming what there is.
    """
    running = [one for one in instances if one.kind not in KINDS_WITHOUT_PROGRAM]
    found = [one for one in running if name in (str(one), one.address, Address.parse(one.address).short)]
    if not found:
        there = ", ".join(str(one) for one in running) or "nothing"
        raise PlanError(f"Nothing that runs is called `{name}`. There is: {there}.")
    return max(found, key=lambda one: (one.live, one.incarnation))
