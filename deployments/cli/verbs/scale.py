"""`tenfold scale`: give a service another number of replicas."""

from typing import Annotated

import typer

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Detach, Stack, Wait


@app.command(rich_help_panel=CHANGE_PANEL)
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
    from rich.text import Text

    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, say
    from infra_specs.scaling.by_hand import manual_count_note
    from tasks.stack.record import recorded_spec

    parameters = {"stack": stack, "service": service, "replicas": replicas, "wait": wait}
    with open_installation() as installation:
        spec, _ = recorded_spec(installation.ledger, stack)
        carry_out(installation, RunRequest("scale", parameters, (stack,), detach))
    if service in spec.services and (note := manual_count_note(service, spec.services[service])):
        say(console(), Text(note, "dim"), indent=2)
