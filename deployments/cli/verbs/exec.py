"""`tenfold exec`: a command beside a replica's program."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import COMMAND, COMMAND_FOLLOWS, Stack, without_dashes

if TYPE_CHECKING:
    from infra_specs.resources.instance import Instance

SHELL = ("sh", "-c", "command -v bash >/dev/null && exec bash; exec sh")
"""Bash where there is one, else sh."""
KINDS_WITHOUT_PROGRAM = ("volume", "route")


@app.command("exec", rich_help_panel=LOOK_PANEL, context_settings=COMMAND_FOLLOWS)
def execute(
    stack: Stack,
    replica: Annotated[str, typer.Argument(metavar="REPLICA", help="Which one: web-0, or an address.")],
    command: Annotated[list[str] | None, COMMAND] = None,
) -> None:
    """Run a command beside a replica's program, with this terminal; a shell if none is given.

    Nothing of it is kept. It ends with the command's exit code.

    Examples:
    tenfold exec shop web-0
    tenfold exec shop web-0 -- python manage.py shell
    tenfold exec shop database/main -- psql
    tenfold exec shop database/main -- pg_dump > shop.sql
    """
    from deployments.cli.installation import open_installation
    from infra_specs.errors import PlanError
    from tasks.stack.record import recorded_spec

    words = without_dashes(command or []) or SHELL
    with open_installation() as installation:
        spec, _ = recorded_spec(installation.ledger, stack)
        with installation.target(spec) as target:
            if target.shell is None:
                raise PlanError(f"Nothing runs on the target {spec.target.provider}, so nothing can run beside it.")
            instance = instance_called(replica, target.observe(stack))
            terminal = sys.stdin.isatty() and sys.stdout.isatty()
            code = target.shell.execute(instance, words, terminal=terminal)
    raise typer.Exit(code)


def instance_called(name: str, instances: "Sequence[Instance]") -> "Instance":
    """The instance of a name (`web-0`), an address or an incarnation; of several incarnations the newest that has not
    failed.

    Raises PlanError that names those that run, or those that share the name.
    """
    from infra_specs.errors import PlanError
    from infra_specs.resources.address import Address

    running = [instance for instance in instances if instance.kind not in KINDS_WITHOUT_PROGRAM]
    matching = [
        instance
        for instance in running
        if name in (str(instance), instance.address, Address.parse(instance.address).short)
    ]
    if not matching:
        names = ", ".join(map(str, running)) or "nothing"
        raise PlanError(f"Nothing that runs is called `{name}`. There is: {names}.")
    addresses = sorted({instance.address for instance in matching})
    if len(addresses) > 1:
        raise PlanError(f"`{name}` is the name of several: {', '.join(addresses)}. Write the one that you mean.")
    return max(matching, key=lambda instance: (instance.live, instance.incarnation))
