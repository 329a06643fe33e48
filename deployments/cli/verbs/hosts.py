"""`tenfold hosts`: the hosts of a fleet, side by side, and their keys."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deployments.cli.app import INSTALLATION_PANEL, App, Commands, app
from deployments.cli.verbs.arguments import Json

if TYPE_CHECKING:
    from deployments.cli.views.host_keys import KeyLook
    from infra_specs.stackfile.models.hosts import JumpHost
    from tasks.ssh.connections import Connections

File = Annotated[Path, typer.Argument(metavar="FILE", help="A spec whose target lists hosts.")]


class HostsCommands(Commands):
    """`tenfold hosts FILE` needs no further word: a word that is no command is the file."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


hosts = App(
    cls=HostsCommands,
    help="""Look at the hosts of a fleet, side by side, and change nothing on them.

    Each must be reachable by SSH, with a key that you have looked at.
    The exit code is 1 if one cannot be looked at.

    Examples:
    tenfold hosts stack.yaml
    tenfold hosts stack.yaml --json
    tenfold hosts trust stack.yaml     shows their keys, and stores them
    """,
)
app.add_typer(hosts, name="hosts", rich_help_panel=INSTALLATION_PANEL)


@hosts.command("show", hidden=True)
def show_hosts(file: File, json: Json = False) -> None:
    """Look at the hosts of a fleet, side by side.

    Examples:
    tenfold hosts stack.yaml
    """
    from deployments.cli.app import EXIT_FAILED
    from deployments.cli.installation import fleet_of
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views import hosts as view
    from infra_specs.errors import ProviderError
    from tasks.base.settings import settings
    from tasks.providers.hosts.read_facts import read_facts
    from tasks.ssh.connections import Connections

    target = fleet_of(file)
    with Connections(target.hosts or (), target.key, settings().home) as connections:
        readings = read_facts(connections)
    if json:
        print_json(view.data(readings))
    else:
        view.show(console(), readings)
    if any(isinstance(reading, ProviderError) for reading in readings.values()):
        raise typer.Exit(EXIT_FAILED)


@hosts.command("trust")
def trust(
    file: File,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Store new keys without asking.")] = False,
) -> None:
    """Show the hosts' keys, and store those that you have looked at.

    A host is believed to be itself by its key. Compare each fingerprint with what
    the host says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub

    Examples:
    tenfold hosts trust stack.yaml
    """
    from deployments.cli.app import EXIT_FAILED
    from deployments.cli.installation import fleet_of
    from tasks.base.settings import settings
    from tasks.ssh.connections import Connections

    target = fleet_of(file)
    with Connections(target.hosts or (), target.key, settings().home) as connections:
        # A host behind another is reached once the other is trusted.
        direct = _by_name((*connections.jump_hosts, *(host for host in connections.hosts if host.jump is None)))
        behind = tuple(host for host in connections.hosts if host.jump is not None)
        looked = [_look(connections, group, file, yes=yes) for group in (direct, behind) if group]
    if not all(looked):
        raise typer.Exit(EXIT_FAILED)


def _by_name(listed: "tuple[JumpHost, ...]") -> "tuple[JumpHost, ...]":
    """Each host once. One that is listed with and without a fingerprint needs a stored key."""
    by_name = {host.name: host for host in listed}
    by_name |= {host.name: host for host in listed if host.fingerprint is None}
    return tuple(by_name.values())


def _look(connections: "Connections", group: "tuple[JumpHost, ...]", file: Path, *, yes: bool) -> bool:
    """Show the keys of some hosts and store what is agreed to; whether each of them could be seen."""
    from deployments.cli.terminal.output import console
    from deployments.cli.views import host_keys as view

    unpinned = [host for host in group if host.fingerprint is None]
    shown = connections.shown_keys(unpinned)
    looks = {name: view.look(key, connections.known.key(name)) for name, key in shown.items()}
    view.show(console(), group, looks)
    agreed = _agreed(looks, file, yes=yes)
    if agreed:
        connections.known.store(agreed)
        view.tell_stored(console(), agreed)
    return not any(look.error for look in looks.values())


def _agreed(looks: "dict[str, KeyLook]", file: Path, *, yes: bool) -> dict[str, Any]:
    """The keys that a person lets us store. A changed one is asked for by itself, and never stored unasked."""
    from deployments.cli.terminal.questions import ask, can_ask
    from deployments.cli.views import host_keys as view
    from infra_specs.errors import PlanError

    new = {name: look.key for name, look in looks.items() if look.is_new}
    changed = {name: look.key for name, look in looks.items() if look.is_changed}
    if new and not yes:
        if not can_ask():
            raise PlanError(view.nobody_to_ask(file))
        new = new if ask(view.question(len(new))) == "yes" else {}
    if changed and not can_ask():
        raise PlanError(view.changed_unasked(changed))
    return new | {name: key for name, key in changed.items() if ask(view.changed_question(name)) == name}
