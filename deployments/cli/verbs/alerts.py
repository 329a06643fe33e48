"""`tenfold alerts`: what is wrong now, and a test of who would be told."""

from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, App, app
from deployments.cli.verbs.arguments import Json, Stack

alerts = App(
    invoke_without_command=True,
    no_args_is_help=False,
    help="""What is wrong now, since when, and what to do.

    Examples:
    tenfold alerts                 of all stacks
    tenfold alerts list shop
    tenfold alerts list --ended 7
    tenfold alerts test shop       sends a message to everybody who would be told
    """,
)
app.add_typer(alerts, name="alerts", rich_help_panel=LOOK_PANEL)
DAY = 86_400.0


@alerts.callback()
def all_alerts(context: typer.Context, json: Json = False) -> None:
    if context.invoked_subcommand is None:
        _list("", 0, json=json)


@alerts.command("list")
def list_alerts(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="A stack; every one if left out.")] = "",
    ended: Annotated[int, typer.Option("--ended", min=0, max=90, help="Those as well that ended in so many days.")] = 0,
    json: Json = False,
) -> None:
    """What is wrong now: since when, what to do, and the last change before it.

    Examples:
    tenfold alerts list
    tenfold alerts list shop --ended 7
    """
    _list(stack, ended, json=json)


@alerts.command("test")
def try_alerts(stack: Stack, json: Json = False) -> None:
    """Send a message to everybody whom the file of a stack names, now and from here.

    Examples:
    tenfold alerts test shop
    """
    from secrets import token_hex

    from deployments.cli.app import EXIT_FAILED
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views import alerts as view
    from infra_specs.errors import PlanError
    from tasks.alerts.delivery import send_trial

    with open_installation() as installation:
        spec = installation.record(stack).stack()
        if not spec.alerts.to:
            raise PlanError(
                f"{stack} names nobody who is told. Write into its file: alerts: {{to: [ops@example.com], smtp: "
                "{secret: smtp}}"
            )
        answers = send_trial(installation.ledger, spec, token_hex(6))
    if json:
        print_json({"stack": stack, "receivers": view.trial_data(answers)})
    else:
        view.show_trial(console(), answers)
    if any(answers.values()):
        raise typer.Exit(EXIT_FAILED)


def _list(stack: str, ended: int, *, json: bool) -> None:
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views import alerts as view
    from tasks.base.clock import now

    with open_installation() as installation:
        if stack:
            installation.record(stack)
        since = now() - ended * DAY if ended else None
        known = installation.ledger.alerts.listed(stack or None, since)
        silences = [silence for silence in installation.ledger.silences.now(now()) if stack in ("", silence.stack)]
    if json:
        print_json(view.data(known, silences))
    else:
        view.show(console(), known, silences)
