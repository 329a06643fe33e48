"""`tenfold open`: where a stack answers."""

import os
import sys
import webbrowser

from deployments.cli.installation import open_installation
from infra_specs.errors import PlanError
from infra_specs.resources.instance import links_of
from tasks.stack.record import recorded_spec


def open_stack(stack: str, service: str) -> None:
    """Print its address, and open it where there is a browser to open it in."""
    with open_installation() as place:
        spec, _ = recorded_spec(place.ledger, stack)
        links = links_of(place.observed(spec))
    if not links:
        raise PlanError(f"{stack} answers nowhere: no service with a port is up. Look at: tenfold status {stack}")
    if service and service not in links:
        raise PlanError(f"{stack} has no service `{service}` that answers. It has: {', '.join(links)}.")
    url = links[service] if service else next(iter(links.values()))
    print(url)
    if has_browser():
        webbrowser.open(url)


def has_browser() -> bool:
    """Whether one can be shown here: a text browser would take the terminal, and is not meant."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
