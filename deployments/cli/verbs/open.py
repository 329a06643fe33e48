"""`tenfold open`: where a stack answers."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Stack

if TYPE_CHECKING:
    from deployments.cli.installation import Installation
    from infra_specs.stackfile.models.stack import Stack as Spec


@app.command("open", rich_help_panel=LOOK_PANEL)
def open_stack(
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Which service; the first if left out.")] = "",
) -> None:
    """Print where a stack answers, and open it in the browser if there is one.

    A stack on hosts that has nothing public is reached through SSH until Ctrl-C.

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
            _forward(installation, spec, service)
            return
        links = links_of(installation.observed(spec))
    if not links:
        raise PlanError(f"{stack} answers nowhere: no service with a port is up. Look at: tenfold status {stack}")
    if service and service not in links:
        raise PlanError(f"{stack} has no service `{service}` that answers. It has: {', '.join(links)}.")
    url = links[service] if service else next(iter(links.values()))
    print(url)
    open_in_browser(url)


def _forward(installation: "Installation", spec: "Spec", service: str) -> None:
    """Serve the stack's proxy at a port of this machine. Raises PlanError for a service that has no port."""
    import socket
    from contextlib import closing, suppress

    from deployments.cli.terminal.browser import open_in_browser
    from deployments.cli.terminal.forward import carry_on
    from deployments.cli.terminal.output import console, say
    from infra_specs.errors import PlanError

    routes = {name: given.route for name, given in spec.services.items() if given.port is not None}
    if not routes or (service and service not in routes):
        raise PlanError(f"{spec.name} has no service `{service or 'any'}` with a port. It has: {', '.join(routes)}.")
    route = routes[service] if service else next(iter(routes.values()))
    with installation.target(spec) as target:
        way = target.way
        assert way is not None
        way.connect(spec.name).close()  # what is wrong is said before anything is promised
        with closing(socket.create_server(("127.0.0.1", 0))) as server, suppress(KeyboardInterrupt):
            scheme = "https" if spec.tls else "http"
            url = f"{scheme}://127.0.0.1:{server.getsockname()[1]}{route.path}"
            print(url, flush=True)
            if route.host != "*":
                say(console(error=True), f"It answers at the host name {route.host} only: send that as `Host`.")
            open_in_browser(url)
            carry_on(server, lambda: way.connect(spec.name), lambda error: say(console(error=True), str(error)))
