"""`tenfold run`: run a command once beside a running stack."""

from typing import Annotated

import typer

from deployments.cli.app import CHANGE_PANEL, EXIT_FAILED, app
from deployments.cli.verbs.arguments import COMMAND, COMMAND_FOLLOWS, Detach, Stack, Wait, without_dashes


@app.command(rich_help_panel=CHANGE_PANEL, context_settings=COMMAND_FOLLOWS)
def run(  # noqa: PLR0917 - each option of the verb
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="As a replica of which service.")],
    command: Annotated[list[str], COMMAND],
    entrypoint: Annotated[
        str | None,
        typer.Option(
            metavar="WORDS",
            help="What the command is given to: `image` is the image's own ENTRYPOINT, '' none. By default the spec's.",
        ),
    ] = None,
    wait: Wait = False,
    detach: Detach = False,
) -> None:
    """Run a command once beside a running stack, as a replica of a service would be.

    Prints what it writes and ends with its exit code. It is a flow run, so the
    command can be seen in it: no secret belongs in it. Ctrl-C stops following.

    Examples:
    tenfold run shop web -- python manage.py migrate
    tenfold run --entrypoint image shop web -- serve --check
    tenfold run -d shop web -- sh -c 'import-all && notify'
    """
    import shlex

    from deployments.cli.following.command_output import run_and_print
    from deployments.cli.installation import open_installation
    from tasks.stack.record import recorded_spec

    words = shlex.join(without_dashes(command))
    with open_installation() as installation:
        recorded_spec(installation.ledger, stack)
    parameters = {"stack": stack, "service": service, "command": words, "wait": wait}
    if entrypoint is not None:
        parameters["entrypoint"] = entrypoint
    code = run_and_print(parameters, detach=detach)
    raise typer.Exit(EXIT_FAILED if code is None else code)
