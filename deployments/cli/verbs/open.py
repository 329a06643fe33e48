"""`tenfold open`: where a stack answers."""

from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Stack


@app.command("open", rich_help_panel=LOOK_PANEL)
def open_stack(
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Which service; the first if left out.")] = "",
) -> None:
    """Print where a stack answers, and open it in the browser if there is one.

    Examples:
    tenfold open shop
    """
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.browser import open_in_browser
    from infra_specs.errors import PlanError
    from infra_specs.fleet.of_stack import fleet_name, public_ports
    from infra_specs.resources.instance import links_of
    from tasks.stack.record import recorded_spec

    with open_installation() as installation:
        spec, _ = recorded_spec(installation.ledger, stack)
        if fleet_name(spec) and not public_ports(spec):
            raise PlanError(
                f"{stack} answers inside of its own network alone: none of its services is `public`, and on a fleet "
                "nothing else has an address in this version."
            )
        links = links_of(installation.observed(spec))
    if not links:
        raise PlanError(f"{stack} answers nowhere: no service with a port is up. Look at: tenfold status {stack}")
    if service and service not in links:
        raise PlanError(f"{stack} has no service `{service}` that answers. It has: {', '.join(links)}.")
    url = links[service] if service else next(iter(links.values()))
    print(url)
    open_in_browser(url)
