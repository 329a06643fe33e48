"""`tenfold init`: a stack file for the project in this folder."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.app import BEGIN_PANEL, app

if TYPE_CHECKING:
    from pathlib import Path

    from infra_specs.projects.draft import Draft

STACK_FILE = "stack.yaml"
MONTHLY_USERS = 1000
"""The guess where nobody is asked: small enough for every target, and not nothing."""


@app.command(rich_help_panel=BEGIN_PANEL)
def init(
    name: Annotated[str, typer.Option("--name", help="The stack's name; the folder's unless given.")] = "",
    users: Annotated[int, typer.Option("--users", min=0, max=10**9, help="Users a month; 0 is asked for.")] = 0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing, and take what was guessed.")] = False,
) -> None:
    """Look at the project in this folder, and write a stack.yaml that runs it.

    Says what it guessed, and from which file. Asks for the name and the number
    of users. It never overwrites a file.

    Examples:
    tenfold init
    tenfold init --yes --name shop --users 2000

    The smallest file by hand:
    name: shop
    target: {provider: local}
    services: {web: {command: python app.py, port: 8000}}
    """
    from pathlib import Path

    from deployments.cli.terminal.output import console, lay, say
    from infra_specs.projects.draft import stack_name
    from infra_specs.projects.draft_text import draft_text
    from infra_specs.projects.look import look
    from infra_specs.stackfile.reading.load import load
    from tasks.base.read_project import read_project

    to, here = console(), Path.cwd()
    draft = look(read_project(here))
    say(to, "It looks like this:")
    lay(to, [[guess.text, guess.file] for guess in draft.guesses])
    name = name or _asked_name(stack_name(here.name), yes=yes)
    users = users or _asked_users(yes=yes)
    text = draft_text(draft, name, users, str(write_schema()))
    load(text, STACK_FILE)
    write_new(Path(STACK_FILE), text)
    show_next(draft, name, STACK_FILE)


def _asked_name(guess: str, *, yes: bool) -> str:
    from deployments.cli.terminal.questions import ask

    _refuse_silence(yes=yes)
    return guess if yes else ask(f"The stack's name [{guess}]") or guess


def _asked_users(*, yes: bool) -> int:
    from deployments.cli.terminal.questions import ask
    from infra_specs.errors import SpecError

    _refuse_silence(yes=yes)
    answer = "" if yes else ask(f"Users a month, today [{MONTHLY_USERS}]")
    digits = answer.replace(" ", "").replace("_", "").replace(",", "")
    if digits and not digits.isdecimal():
        raise SpecError(f"`{answer}` is no number of users. Nothing was written.")
    return int(digits) if digits else MONTHLY_USERS


def _refuse_silence(*, yes: bool) -> None:
    from deployments.cli.terminal.questions import can_ask
    from infra_specs.errors import SpecError

    if not yes and not can_ask():
        raise SpecError("Nobody can be asked here. Take what was guessed: tenfold init --yes")


def write_schema() -> "Path":
    """Write the schema of this version's stack files below the home, for editors, and return its path."""
    from infra_specs.stackfile.reading.schema import schema_text
    from tasks.base.settings import settings

    path = settings().home / "schema" / "stack-v1.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(schema_text(), encoding="utf-8")
    return path


def write_new(path: "Path", text: str) -> None:
    """Write a file that is not there yet. Raises SpecError if it is."""
    from infra_specs.errors import SpecError

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise SpecError(f"{path} is there already, and is not overwritten. Nothing was written.") from None


def show_next(draft: "Draft", name: str, file: str) -> None:
    """Say that the file is there, and what to do next, in order."""
    from deployments.cli.installation import tenfold
    from deployments.cli.terminal.output import console, lay, say

    program = tenfold()
    steps = [step.replace("tenfold secret set STACK", f"{program} secret set {name}") for step in draft.steps]
    up = f"{program} up" if file == STACK_FILE else f"{program} up {file}"
    say(console(), f"{file} of the stack {name} is written. Next:")
    lay(console(), [[step] for step in (*steps, up)])
