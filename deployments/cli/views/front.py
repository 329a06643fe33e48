"""The fronts of machines: which ports of theirs stacks share, and who answers for which host there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import Installation
from deployments.cli.terminal.output import lay, say
from infra_specs.resources.instance import Instance
from infra_specs.sharing.front import SharedPort, front_name, front_target, ports_of_front
from tasks.providers import opened


@dataclass(frozen=True, slots=True)
class FrontView:
    """The front of one machine at this moment."""

    name: str
    machine: str
    ports: tuple[SharedPort, ...]
    instances: tuple[Instance, ...]

    @property
    def state(self) -> str:
        """How it is: of several incarnations the best."""
        states = [instance.health.state for instance in self.instances]
        best = ("healthy", "unready", "starting", "failed", "ending")
        return next((state for state in best if state in states), "missing")


def look(installation: Installation, machine: str) -> FrontView:
    """The front as it is now. Raises TransientError if its target does not answer."""
    with opened(front_target(machine), installation.settings.home) as target:
        name = front_name(machine)
        return FrontView(name, machine, ports_of_front(machine, installation.ledger.hosts.read()), target.observe(name))


def machines(installation: Installation) -> tuple[str, ...]:
    """The machines that have a front, sorted."""
    return tuple(sorted({machine for machine, _ in installation.ledger.hosts.read().shared}))


def show(to: Console, views: Iterable[FrontView]) -> None:
    """Each front, and below it its ports with their hosts."""
    for view in views:
        to.print()
        colour = "green" if view.state == "healthy" else "yellow"
        say(to, Text.assemble((view.name, "bold"), " shares ports between stacks: ", (view.state, colour)))
        rows = (
            [f"{shared.port}", host, stack] for shared in view.ports for host, stack in sorted(shared.hosts.items())
        )
        lay(to, rows)
        for instance in view.instances:
            if instance.health.state != "healthy":
                say(to, Text(f"{instance}: {instance.health.reason}", "yellow"), indent=2)


def data(views: Iterable[FrontView]) -> list[dict[str, Any]]:
    """The fronts as JSON data."""
    return [
        {
            "name": view.name,
            "machine": view.machine,
            "state": view.state,
            "ports": [
                {"port": shared.port, "protocol": shared.protocol, "hosts": dict(shared.hosts)} for shared in view.ports
            ],
        }
        for view in views
    ]
