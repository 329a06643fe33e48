"""Commands that run something in a stack, or lead into it."""
# ruff: noqa: PLC0415 - what a command does is imported when it is called

from typing import Annotated

import typer

Stack = Annotated[str, typer.Argument(metavar="STACK", help="The stack's name.")]
Words = typer.Argument(metavar="-- COMMAND", help="The command, and what it is given.")
COMMAND_FOLLOWS = {"allow_interspersed_args": False}
"""Options come before the stack: what follows belongs to the command that is run."""


def run(
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="As a replica of which service.")],
    command: Annotated[list[str], Words],
    wait: Annotated[bool, typer.Option("--wait", help="Wait while somebody else changes this stack.")] = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Submit the run and do not follow it.")] = False,
) -> None:
    """Run a command once beside a running stack, as a replica of a service would be.

    Prints what it writes and ends with its exit code. It is a flow run, so the
    command can be seen in it: no secret belongs in it. Ctrl-C stops following.

    Examples:
    tenfold run shop web -- python manage.py migrate
    tenfold run -d shop web -- sh -c 'import-all && notify'
    """
    from deployments.cli.verbs.one_off import run as submit

    raise typer.Exit(submit(stack, service, _after_dashes(command), wait=wait, detach=detach))


def exec_(
    stack: Stack,
    replica: Annotated[str, typer.Argument(metavar="REPLICA", help="Which one: web-0, or an address.")],
    command: Annotated[list[str] | None, Words] = None,
) -> None:
    """Run a command beside a replica's program, with this terminal; a shell if none is given.

    Nothing of it is kept. It ends with the command's exit code.

    Examples:
    tenfold exec shop web-0
    tenfold exec shop web-0 -- python manage.py shell
    tenfold exec shop database/main -- psql
    tenfold exec shop database/main -- pg_dump > shop.sql
    """
    from deployments.cli.views.execute import execute

    raise typer.Exit(execute(stack, replica, _after_dashes(command or [])))


def open_(
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Which service; the first if left out.")] = "",
) -> None:
    """Print where a stack answers, and open it in the browser if there is one.

    Examples:
    tenfold open shop
    """
    from deployments.cli.views.open import open_stack

    open_stack(stack, service)


def _after_dashes(words: list[str]) -> list[str]:
    """The command itself. `--` says that it begins there; where no option can follow, Click leaves that in."""
    return words[1:] if words[:1] == ["--"] else words
