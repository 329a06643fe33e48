"""`tenfold hosts`: the hosts of a fleet, side by side, and their keys."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deployments.cli.app import INSTALLATION_PANEL, App, Commands, app
from deployments.cli.verbs.arguments import Detach, Json

if TYPE_CHECKING:
    from deployments.cli.views.host_keys import KeyLook
    from deployments.cli.views.hosts import FleetLook
    from infra_specs.stackfile.models.hosts import JumpHost
    from tasks.ssh.connections import Connections

Fleet = Annotated[str, typer.Argument(metavar="FLEET", help="The name of the stack that lists the hosts.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="A spec whose target lists hosts.")]


class HostsCommands(Commands):
    """`tenfold hosts FILE` needs no further word: a word that is no command is the file. Without any, all are shown."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        words = [word for word in args if not word.startswith("-")]
        asks_help = {"-h", "--help"}.intersection(args)
        if not asks_help and (not words or (args[0] not in self.commands and not args[0].startswith("-"))):
            args = ["show", *args]
        return super().parse_args(ctx, args)


hosts = App(
    cls=HostsCommands,
    no_args_is_help=False,
    help="""Look at the hosts of fleets, side by side, and change nothing on them.

    FILE is a spec whose target lists hosts; FLEET the name of its stack, once
    it is provisioned. Without either, the hosts of every fleet are shown.
    The exit code is 1 if one cannot be looked at.

    Examples:
    tenfold hosts                      of every fleet
    tenfold hosts shop                 of one, and the stacks that stand on it
    tenfold hosts stack.yaml --json
    tenfold hosts trust stack.yaml     shows their keys, and stores them
    """,
)
app.add_typer(hosts, name="hosts", rich_help_panel=INSTALLATION_PANEL)


@hosts.command("show", hidden=True)
def show_hosts(
    file_or_fleet: Annotated[str, typer.Argument(metavar="FILE|FLEET", help="A spec, or a fleet's name.")] = "",
    json: Json = False,
) -> None:
    """Look at the hosts of a fleet, side by side.

    Examples:
    tenfold hosts stack.yaml
    """
    from deployments.cli.app import EXIT_FAILED
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views import hosts as view
    from infra_specs.errors import ProviderError

    looks = _looks_of_file(Path(file_or_fleet)) if _is_file(file_or_fleet) else _looks_of_fleets(file_or_fleet)
    if json:
        print_json(view.data(looks[0].readings) if _is_file(file_or_fleet) else view.fleets_data(looks))
    else:
        view.show_fleets(console(), looks)
    if any(isinstance(reading, ProviderError) for look in looks for reading in look.readings.values()):
        raise typer.Exit(EXIT_FAILED)


def _is_file(text: str) -> bool:
    import os

    return os.sep in text or Path(text).suffix in (".yaml", ".yml", ".json") or Path(text).is_file()


def _looks_of_file(file: Path) -> "tuple[FleetLook, ...]":
    from deployments.cli.installation import fleet_of
    from deployments.cli.views.hosts import FleetLook
    from tasks.base.settings import settings
    from tasks.providers.hosts.read_facts import read_facts
    from tasks.ssh.connections import Connections

    target = fleet_of(file)
    with Connections(target.hosts or (), target.key, settings().home) as connections:
        return (FleetLook("", (), read_facts(connections)),)


def _looks_of_fleets(name: str) -> "tuple[FleetLook, ...]":
    """Of the fleet of this name; of all if it is empty."""
    from deployments.cli.installation import open_installation
    from deployments.cli.views.hosts import FleetLook
    from tasks.providers.hosts.read_facts import read_facts
    from tasks.ssh.connections import Connections
    from tasks.stack.fleet import known_fleet, names_on

    with open_installation() as installation:
        ledger, looks = installation.ledger, list[FleetLook]()
        for fleet in (known_fleet(ledger, name),) if name else ledger.fleets.all():
            stacks = names_on(ledger, fleet.name)
            with Connections((*fleet.hosts, *fleet.leaving), fleet.key, installation.settings.home) as connections:
                looks.append(FleetLook(fleet.name, stacks, read_facts(connections)))
    return tuple(looks)


@hosts.command("history")
def hosts_history(
    fleet: Fleet,
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=10_000, help="At most so many runs.")] = 20,
    changes: Annotated[bool, typer.Option("--changes", help="With every change of each run.")] = False,
    json: Json = False,
) -> None:
    """What was done to the hosts of a fleet, by whom, why, and how it ended. The newest first.

    Examples:
    tenfold hosts history shop --changes
    """
    from dataclasses import asdict

    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views.history import show_runs
    from tasks.stack.fleet import known_fleet

    with open_installation() as installation:
        runs = installation.ledger.runs.history(fleet, number, "fleet")
        if not runs:
            known_fleet(installation.ledger, fleet)  # raises for an unknown fleet
    if json:
        print_json({"runs": [asdict(run) for run in runs]})
    else:
        show_runs(console(), runs, with_changes=changes)


@hosts.command("recover")
def recover(fleet: Fleet, yes: Yes = False, detach: Detach = False) -> None:
    """Make a new Swarm of the hosts that are left, where too few managers are for the old one.

    Only if the others are lost for good or stay switched off. What runs goes on.
    Where no manager is left, it begins anew.

    Examples:
    tenfold hosts recover shop
    """
    _confirm(
        fleet, "recover", "The managers that do not answer decide no more. If they only cannot be reached from here, "
        f"there will be two Swarms, and both run the stacks of {fleet}. Where no manager is left, the stacks stop and "
        "begin anew.", yes=yes,
    )  # fmt: skip
    _carry_out("recover_hosts", fleet, detach=detach)


@hosts.command("teardown")
def teardown_fleet(fleet: Fleet, yes: Yes = False, detach: Detach = False) -> None:
    """End a fleet on which no stack stands: its hosts leave their Swarm, and their firewalls are taken away.

    Their engines stay, and whatever else is on them.

    Examples:
    tenfold hosts teardown shop
    """
    _confirm(fleet, "teardown", f"The hosts of {fleet} leave their Swarm, and their firewalls are opened.", yes=yes)
    _carry_out("teardown_hosts", fleet, detach=detach)


def _confirm(fleet: str, verb: str, warning: str, *, yes: bool) -> None:
    """Ask for the fleet's name. Raises UnknownStack for an unknown one, PlanError for any other answer."""
    from rich.text import Text

    from deployments.cli.installation import open_installation, tenfold
    from deployments.cli.terminal.output import console, say
    from deployments.cli.terminal.questions import ask, can_ask
    from infra_specs.errors import PlanError
    from infra_specs.fleet.of_stack import refuse_standing
    from tasks.stack.fleet import known_fleet, names_on

    with open_installation() as installation:
        known_fleet(installation.ledger, fleet)
        if verb == "teardown":
            refuse_standing(fleet, names_on(installation.ledger, fleet))
    if yes:
        return
    if not can_ask():
        raise PlanError(f"{warning} Say that you mean it: {tenfold()} hosts {verb} {fleet} --yes")
    say(console(), Text(warning, "bold red"))
    if ask("Type the fleet's name to go on") != fleet:
        raise PlanError(f"Nothing was changed: that is not {fleet}.")


def _carry_out(flow: str, fleet: str, *, detach: bool) -> None:
    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation

    with open_installation() as installation:
        carry_out(installation, RunRequest(flow, {"fleet": fleet}, (), detach, fleet))


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
