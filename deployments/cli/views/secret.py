"""A stack's secrets by name. A value comes from a prompt or a pipe, and goes nowhere but into the ledger."""

import re
import sys

import typer

from deployments.cli.installation import open_installation, tenfold
from deployments.cli.terminal.output import console, lay, say
from deployments.cli.terminal.words import ago
from infra_specs.errors import SpecError
from infra_specs.secret_values import LONGEST, read_value
from infra_specs.stackfile.models.service import NAME_PATTERN, SECRET_PATTERN
from tasks.base.clock import now


def put(stack: str, name: str, *, binary: bool, short: bool) -> None:
    """`tenfold secret set`."""
    _refuse_bad_name(stack, name)
    secret = read_value(name, _typed(stack, name, binary=binary), binary=binary, short=short)
    with open_installation() as place:
        version = place.ledger.secret_set(stack, name, secret.value)
        known = place.ledger.stack_record(stack)
    to = console()
    say(to, f"{name} of {stack} is set (version {version}).")
    for note in secret.notes:
        say(to, note)
    if known is None:
        say(to, f"No stack is called {stack} yet: its first provision will use it.")
    elif known.wanted:
        say(to, f"What runs gets it with: {tenfold()} provision {stack}")


def every(stack: str) -> None:
    """`tenfold secret list`."""
    with open_installation() as place:
        found = place.ledger.secret_list(stack)
    to = console()
    if not found:
        say(to, f"{stack} has no secret. Set one with: {tenfold()} secret set {stack} NAME")
    lay(to, ([one.name, f"version {one.version}", ago(now() - one.since)] for one in found), indent=0)


def erase(stack: str, name: str) -> None:
    """`tenfold secret remove`."""
    with open_installation() as place:
        place.ledger.secret_remove(stack, name)
    say(console(), f"{name} of {stack} is erased. A spec that names it cannot be provisioned until it is set again.")


def _refuse_bad_name(stack: str, name: str) -> None:
    if not re.match(NAME_PATTERN, stack):
        raise SpecError(f"`{stack}` cannot be a stack's name: a small letter, then small letters, digits and dashes.")
    if not re.match(SECRET_PATTERN, name):
        raise SpecError(f"`{name}` cannot be a secret's name: letters, digits, _ and -, not a digit or - first.")


def _typed(stack: str, name: str, *, binary: bool) -> bytes:
    """What was typed at a prompt or piped in, at most one byte more than a value may have."""
    if not sys.stdin.isatty():
        return sys.stdin.buffer.read(LONGEST + 1)
    if binary:
        raise SpecError(f"Bytes are not typed. Pipe them in: {tenfold()} secret set {stack} {name} --binary < FILE")
    typed: str = typer.prompt(f"Value of {name} for {stack}", hide_input=True)
    return typed.encode("utf-8", "surrogateescape")
