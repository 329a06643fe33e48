"""Stacks that could not be looked at: a line for each, below what is shown of the others."""

import sys
from collections.abc import Sequence

import typer

from deployments.cli.app import EXIT_FAILED
from infra_specs.app_text.shown import shown_message
from infra_specs.stack_fault import StackFault


def data(faults: Sequence[StackFault]) -> dict[str, dict[str, str]]:
    """The faults as a part of a JSON document; empty where there is none."""
    return {"faults": {fault.stack: fault.why for fault in faults}} if faults else {}


def show(faults: Sequence[StackFault]) -> None:
    """A line on stderr for each fault."""
    for fault in faults:
        print(shown_message(str(fault)), file=sys.stderr)


def exit_if_any(faults: Sequence[StackFault]) -> None:
    """Exit as failed if there is a fault."""
    if faults:
        raise typer.Exit(EXIT_FAILED)
