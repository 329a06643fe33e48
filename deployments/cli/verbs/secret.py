"""`tenfold secret`: a stack's secrets. A value comes from a prompt or a pipe, and goes nowhere but into the ledger."""

import re
import sys
from typing import Annotated

import typer

from deployments.cli.app import INSTALLATION_PANEL, App, app
from deployments.cli.verbs.arguments import Json, Stack

Name = Annotated[str, typer.Argument(metavar="NAME", help="The secret's name, as in env: {KEY: {secret: NAME}}.")]

secret = App(
    help="""Set, list and remove the secrets of a stack.

    Examples:
    tenfold secret set shop stripe     asks for its value
    tenfold secret set shop stripe < stripe.key
    tenfold secret list shop
    """
)
app.add_typer(secret, name="secret", rich_help_panel=INSTALLATION_PANEL)


@secret.command("set")
def set_secret(
    stack: Stack,
    name: Name,
    binary: Annotated[
        bool,
        typer.Option("--binary", help="Keep bytes as they are: a service gets the path of a file, in KEY_FILE."),
    ] = False,
    short: Annotated[
        bool, typer.Option("--short", help="Allow fewer than 8 characters, which cannot be redacted in logs.")
    ] = False,
) -> None:
    """Keep a secret, encrypted. Asks for its value, or reads it from a pipe.

    It is text in UTF-8; a byte order mark and one line end at its end are taken off. With --binary it is what was piped
    in, byte by byte: where the spec says env: {KEY: {secret: NAME}}, the service gets KEY_FILE, the path of a file.

    Examples:
    tenfold secret set shop stripe
    tenfold secret set shop stripe < stripe.key
    tenfold secret set shop keystore --binary < keystore.p12
    """
    from deployments.cli.installation import open_installation, tenfold
    from deployments.cli.terminal.output import console, say
    from infra_specs.secret_values import read_value
    from infra_specs.stackfile.models.secrets import named_secrets

    _refuse_bad_name(stack, name)
    value = read_value(name, _typed_value(stack, name, binary=binary), binary=binary, short=short)
    with open_installation() as installation:
        version = installation.ledger.secrets.set(stack, name, value.value)
        record = installation.ledger.stacks.find(stack)
    to = console()
    say(to, f"{name} of {stack} is set (version {version}).")
    for note in value.notes:
        say(to, note)
    if record is None:
        say(to, f"No stack is called {stack} yet: its first provision will use it.")
    elif name not in named_secrets(record.stack()):
        say(to, f"Nothing in the file of {stack} names it, so nobody gets it yet: write {{secret: {name}}} there.")
    elif record.wanted:
        say(to, f"What runs gets it with: {tenfold()} provision {stack}")


@secret.command("list")
def list_secrets(stack: Stack, json: Json = False) -> None:
    """The names of a stack's secrets, never their values.

    Examples:
    tenfold secret list shop
    """
    from deployments.cli.installation import open_installation, tenfold
    from deployments.cli.terminal.output import console, lay, print_json, say
    from deployments.cli.terminal.words import ago
    from tasks.base.clock import now

    with open_installation() as installation:
        secrets = installation.ledger.secrets.newest(stack)
    if json:
        listed = [{"name": entry.name, "version": entry.version, "since": entry.since} for entry in secrets]
        print_json({"stack": stack, "secrets": listed})
        return
    to = console()
    if not secrets:
        say(to, f"{stack} has no secret. Set one with: {tenfold()} secret set {stack} NAME")
    lay(to, ([entry.name, f"version {entry.version}", ago(now() - entry.since)] for entry in secrets), indent=0)


@secret.command("remove")
def remove_secret(stack: Stack, name: Name) -> None:
    """Erase a secret, every version of it.

    Examples:
    tenfold secret remove shop stripe
    """
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, say

    with open_installation() as installation:
        installation.ledger.secrets.remove(stack, name)
    say(console(), f"{name} of {stack} is erased. A spec that names it cannot be provisioned until it is set again.")


def _refuse_bad_name(stack: str, name: str) -> None:
    from infra_specs.catalogue.web import CERTIFICATE
    from infra_specs.errors import SpecError
    from infra_specs.stackfile.models.service import NAME_PATTERN, SECRET_PATTERN

    if not re.match(NAME_PATTERN, stack):
        raise SpecError(f"`{stack}` cannot be a stack's name: a small letter, then small letters, digits and dashes.")
    if not re.match(SECRET_PATTERN, name):
        raise SpecError(f"`{name}` cannot be a secret's name: letters, digits, _ and -, not a digit or - first.")
    if name == CERTIFICATE:
        raise SpecError(
            f"`{name}` is where Tenfold keeps the certificate of a stack's proxy, and what you set would be replaced "
            "by it. Choose another name."
        )


def _typed_value(stack: str, name: str, *, binary: bool) -> bytes:
    """The value from a prompt or a pipe, and at most one byte more than a value may have."""
    from deployments.cli.installation import tenfold
    from deployments.cli.terminal.questions import ask_secretly, can_ask
    from infra_specs.errors import SpecError
    from infra_specs.secret_values import LONGEST

    if not can_ask():
        return sys.stdin.buffer.read(LONGEST + 1)
    if binary:
        raise SpecError(f"Bytes are not typed. Pipe them in: {tenfold()} secret set {stack} {name} --binary < FILE")
    return ask_secretly(f"Value of {name} for {stack}").encode("utf-8", "surrogateescape")
