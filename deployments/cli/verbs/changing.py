"""Commands that change a stack: each submits a flow run and follows it."""
# ruff: noqa: PLC0415 - what a command does is imported when it is called

from typing import Annotated

import typer

Stack = Annotated[str, typer.Argument(metavar="STACK", help="The stack's name.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait while somebody else changes this stack.")]
Detach = Annotated[bool, typer.Option("--detach", "-d", help="Submit the run and do not follow it.")]


def provision(
    what: Annotated[str, typer.Argument(metavar="FILE|STACK", help="A spec, or a stack provisioned before.")],
    wait: Wait = False,
    detach: Detach = False,
) -> None:
    """Build a stack, or bring it to what its file says now.

    Nothing starts if the spec has a fault, a secret is missing, or the price
    is over the budget. Ctrl-C stops following, not the run.

    Examples:
    tenfold provision stack.yaml
    tenfold provision shop             again, from the file's last content
    tenfold provision stack.yaml -d    and do not wait for its end
    """
    from deployments.cli.verbs.start_run import provision as submit

    submit(what, wait=wait, detach=detach)


def scale(
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Which of its services.")],
    replicas: Annotated[int, typer.Argument(metavar="N", min=0, max=10_000, help="How many replicas from now on.")],
    wait: Wait = False,
    detach: Detach = False,
) -> None:
    """Give a service another number of replicas.

    It keeps them through later provisions, within the bounds of the spec.

    Examples:
    tenfold scale shop web 5
    """
    from deployments.cli.verbs.start_run import scale as submit

    submit(stack, service, replicas, wait=wait, detach=detach)


def teardown(
    stack: Stack,
    delete_data: Annotated[bool, typer.Option("--delete-data", help="Delete its data too, for ever.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Wait = False,
    detach: Detach = False,
) -> None:
    """Take a stack down. Its data stays unless you say so.

    Provisioning it again comes back to the data.

    Examples:
    tenfold teardown shop
    tenfold teardown shop --delete-data
    """
    from deployments.cli.verbs.start_run import teardown as submit

    submit(stack, delete_data=delete_data, yes=yes, wait=wait, detach=detach)


def reconcile(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack's name; every stack if left out.")] = "",
    detach: Detach = False,
) -> None:
    """Look for drift and repair it now. A schedule does the same all the time.

    Examples:
    tenfold reconcile shop
    tenfold reconcile
    """
    from deployments.cli.verbs.start_run import reconcile as submit

    submit(stack, detach=detach)


def autoscale(detach: Detach = False) -> None:
    """Check now whether every service has the replicas that its users need.

    A schedule does the same every few seconds. What is decided is kept:
    [bold]tenfold why[/bold].

    Examples:
    tenfold autoscale
    """
    from deployments.cli.verbs.start_run import autoscale as submit

    submit(detach=detach)
