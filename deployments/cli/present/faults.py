"""Stacks that could not be looked at: a line for each, after what there is to say of the others."""

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import typer

from deployments.cli.app import failed
from infra_specs.stack_fault import StackFault
from tasks.side_by_side import ANSWER_SECONDS, side_by_side

T = TypeVar("T")
PATIENT_SECONDS = 300.0
"""How long a stack is waited for that was asked for alone. Nobody else waits, and its target has its own limits."""


def look_at(jobs: Mapping[str, Callable[[], T]]) -> tuple[dict[str, T], tuple[StackFault, ...]]:
    """What each stack's job returned, and the faults of the others. Among several a stack that hangs holds up none."""
    return side_by_side(jobs, ANSWER_SECONDS if len(jobs) > 1 else PATIENT_SECONDS)


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
        raise typer.Exit(failed)
