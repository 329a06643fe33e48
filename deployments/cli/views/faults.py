"""Stacks that could not be looked at: a line for each, after what there is to say of the others."""

import sys
from collections.abc import Iterable

import typer

from deployments.cli.app import EXIT_FAILED
from infra_specs.stack_fault import StackFault


def data(faults: Iterable[StackFault]) -> dict[str, dict[str, str]]:
    """The faults as a part of a JSON document; nothing where there is none."""
    found = {fault.stack: fault.why for fault in faults}
    return {"faults": found} if found else {}


def tell(faults: Iterable[StackFault]) -> None:
    """A line on stderr for each fault."""
    for fault in faults:
        print(fault, file=sys.stderr)


def end(faults: Iterable[StackFault]) -> None:
    """End the command as failed if there was a fault."""
    if any(True for _ in faults):
        raise typer.Exit(EXIT_FAILED)
