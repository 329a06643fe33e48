"""Commands that only look: at the ledger and at the target, without a server."""
# ruff: noqa: PLC0415 - what a command does is imported when it is called

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]
MaybeStack = Annotated[str, typer.Argument(metavar="STACK", help="The stack's name; every stack if left out.")]
Stack = Annotated[str, typer.Argument(metavar="STACK", help="The stack's name.")]


def plan(
    what: Annotated[str, typer.Argument(metavar="FILE|STACK", help="A spec, or a stack provisioned before.")],
    json: Json = False,
) -> None:
    """What a provision would do, why, and what it costs. Touches nothing.

    Changes come in waves: + create, ~ change in place, = wait for, - destroy.
    ! is left alone, and why.

    Examples:
    tenfold plan stack.yaml
    tenfold plan shop --json | jq .price
    """
    from deployments.cli.views.plan import plan as present

    present(what, json=json)


def status(stack: MaybeStack = "", json: Json = False) -> None:
    """What runs, where, and how well.

    A stack that cannot be looked at is named on one line, and the others are
    shown. The exit code is then 1.

    Examples:
    tenfold status
    tenfold status shop
    tenfold status --json
    """
    from deployments.cli.views.status import status as present

    present(stack, json=json)


def history(
    stack: MaybeStack = "",
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=10_000, help="At most so many runs.")] = 20,
    changes: Annotated[bool, typer.Option("--changes", help="With every change of each run.")] = False,
    run: Annotated[str, typer.Option("--run", metavar="ID", help="One run, with its changes and message.")] = "",
    json: Json = False,
) -> None:
    """What was done to a stack, by whom, why, and how it ended. The newest first.

    Examples:
    tenfold history shop
    tenfold history --run 12
    """
    from deployments.cli.views.history import history as present

    present(stack, number, changes=changes, run=run, json=json)


def logs(
    stack: Stack,
    what: Annotated[
        str, typer.Argument(metavar="SERVICE|ADDRESS", help="A service, or one address; everything if left out.")
    ] = "",
    lines: Annotated[
        int, typer.Option("-n", "--lines", min=0, max=100_000, help="The last so many lines of each.")
    ] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is written from now on.")] = False,
) -> None:
    """What the processes of a stack wrote; sick ones that are kept for their log, too.

    Examples:
    tenfold logs shop web -f
    tenfold logs shop replica/web-0
    tenfold logs shop database -n 200
    """
    from deployments.cli.views.logs import logs as present

    present(stack, what, lines, follow=follow)


def show(stack: Stack) -> None:
    """The spec of a stack as it is wanted now, as YAML.

    Examples:
    tenfold show shop > shop.yaml
    """
    from deployments.cli.views.show import show as present

    present(stack)
