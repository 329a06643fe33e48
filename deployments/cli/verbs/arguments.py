"""Arguments and options that several verbs take."""

from typing import Annotated

import typer

Stack = Annotated[str, typer.Argument(metavar="STACK", help="The stack's name.")]
StackOrAll = Annotated[str, typer.Argument(metavar="STACK", help="The stack's name; every stack if left out.")]
FileOrStack = Annotated[str, typer.Argument(metavar="FILE|STACK", help="A spec, or a stack provisioned before.")]
FileHere = Annotated[
    str, typer.Argument(metavar="FILE|STACK", help="A spec, or a stack; stack.yaml of this folder if left out.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait while somebody else changes this stack.")]
Detach = Annotated[bool, typer.Option("--detach", "-d", help="Submit the run and do not follow it.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]

Env = Annotated[
    str, typer.Option("--env", help="The environment, of the file or of one beside it: stack.staging.yaml.")
]

HIGHEST_NUMBER = 1_000_000_000
"""The highest number that a release may have."""

COMMAND = typer.Argument(metavar="-- COMMAND", help="The command, and what it is given.")
COMMAND_FOLLOWS = {"allow_interspersed_args": False}
"""Click's setting for a verb that takes a command: options come before the stack, the rest belongs to the command."""


def file_here() -> str:
    """The stack file of the current folder. Raises SpecError if it has none."""
    from pathlib import Path

    from deployments.cli.installation import tenfold
    from infra_specs.errors import SpecError
    from infra_specs.projects.folder import STACK_FILES

    name = next((name for name in STACK_FILES if Path(name).is_file()), "")
    if not name:
        raise SpecError(f"There is no {STACK_FILES[0]} in this folder. Make one of the project here: {tenfold()} init")
    return name


def without_dashes(words: list[str]) -> list[str]:
    """The command without a leading `--`, which Click leaves in where no option can follow.

    Raises SpecError for a command that begins with an option, which would be taken for a program.
    """
    from infra_specs.errors import SpecError

    if words[:1] == ["--"]:
        return words[1:]
    if words and words[0].startswith("-"):
        raise SpecError(f"{words[0]} is no program. Options come before the stack, the command after `--`.")
    return words
