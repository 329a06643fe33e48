"""Commands about scaling: why there are so many replicas, and what would be with another policy."""
# ruff: noqa: PLC0415 - what a command does is imported when it is called

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]
Stack = Annotated[str, typer.Argument(metavar="STACK", help="The stack's name.")]


def why(
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="[SERVICE]", help="A service; every one if left out.")] = "",
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="At most so many decisions.")] = 10,
    changes: Annotated[bool, typer.Option("--changes", help="Only those that change the count.")] = False,
    json: Json = False,
) -> None:
    """Why a service has as many replicas as it has: the last decisions, and every step of them.

    The newest first. A decision that stays the same is shown once, with how
    long it held.

    Examples:
    tenfold why shop web
    tenfold why shop --changes -n 50
    """
    from deployments.cli.present.why import why as present

    present(stack, service, number, changes=changes, json=json)
