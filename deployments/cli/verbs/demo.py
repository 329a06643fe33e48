"""`tenfold demo`: the whole story for a newcomer, in one command."""

import time
from typing import TYPE_CHECKING

import typer

from deployments.cli.app import BEGIN_PANEL, EXIT_FAILED, app

if TYPE_CHECKING:
    from deployments.cli.installation import Installation, StackArgument

ANSWER_SECONDS = 10.0


@app.command(rich_help_panel=BEGIN_PANEL)
def demo() -> None:
    """Run a whole stack on this machine: app, PostgreSQL, Valkey, proxy, and the UI to steer it.

    Needs nothing but what is installed already. Running it again is fine;
    [bold]tenfold teardown quickstart[/bold] takes it down.

    Examples:
    tenfold demo
    tenfold status quickstart      what it runs, afterwards
    tenfold scale quickstart web 5
    """
    from deployments.cli.following.submit import RunRequest, carry_out, running_control_plane
    from deployments.cli.installation import from_file, open_installation
    from deployments.cli.terminal.output import console
    from deployments.cli.views import demo as view
    from infra_specs.resources.instance import links_of
    from tasks.base.shipped import shipped

    to, began = console(), time.monotonic()
    view.show_introduction(to)
    path = shipped("infra_specs/stacks/quickstart.yaml")
    argument = from_file(path)
    with open_installation() as installation:
        view.show_step(to, f"1. What will be built, from {view.short_path(path)}")
        _show_plan(installation, argument)
        view.show_step(to, "2. The control plane: Prefect's server, and the process that runs our flows")
        plane_began = time.monotonic()
        plane = running_control_plane(to)
        view.show_control_plane(to, plane.ui_url, time.monotonic() - plane_began)
        view.show_step(to, "3. The stack, by a run of the flow provision")
        carry_out(installation, RunRequest("provision", argument.parameters, (argument.stack.name,)))
        instances = installation.observed(argument.stack)
        url = links_of(instances)[view.SERVICE]
        refuse_silent(url, view.SERVICE)
        view.show_end(to, installation, instances, url=url, ui=plane.ui_url, seconds=time.monotonic() - began)


def _show_plan(installation: "Installation", argument: "StackArgument") -> None:
    from deployments.cli.terminal.output import console
    from deployments.cli.views.plan import show
    from infra_specs.desired import desired_from_spec
    from infra_specs.plan.make_plan import make_plan
    from tasks.stack.record import snapshot_of

    desired = desired_from_spec(snapshot_of(installation.ledger, argument.stack, argument.source))
    show(console(), desired, make_plan(argument.stack.name, desired.resources, installation.observed(argument.stack)))


def refuse_silent(url: str, service: str) -> None:
    """Raise ServerError if the app's page does not answer; exit with 1 if it answers anything but 200."""
    import httpx

    from deployments.cli.installation import tenfold
    from deployments.cli.terminal.output import console, say
    from infra_specs.errors import ServerError

    try:
        answer = httpx.get(url, timeout=ANSWER_SECONDS, trust_env=False)
    except httpx.TransportError as error:
        raise ServerError(f"The app's page {url} does not answer ({error}). Look at: {tenfold()} status") from error
    if answer.status_code != httpx.codes.OK:
        say(console(error=True), f"The app's page {url} answers {answer.status_code}. Look at: {tenfold()} logs "
            f"quickstart {service}")  # fmt: skip
        raise typer.Exit(EXIT_FAILED)
