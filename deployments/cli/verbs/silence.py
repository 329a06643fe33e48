"""`tenfold silence`: nobody is told of a stack's alerts for a while."""

import re
from typing import Annotated

import typer

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Json, Stack

_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0}
LONGEST = 90 * 86_400.0


@app.command(rich_help_panel=CHANGE_PANEL)
def silence(
    stack: Stack,
    duration: Annotated[str, typer.Argument(metavar="TIME", help="For how long, as 30m, 2h or 3d; 0 ends it.")],
    why: Annotated[str, typer.Option("--why", help="Why; needed for more than a week.")] = "",
    json: Json = False,
) -> None:
    """Tell nobody of a stack's alerts for a while, as during work on it. They are listed all the same.

    What is still wrong at its end is told then.

    Examples:
    tenfold silence shop 2h --why "new disks"
    tenfold silence shop 0
    """
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json, say
    from infra_specs.alerts.message import clock
    from infra_specs.alerts.quiet import Silence
    from tasks.base.clock import now
    from tasks.ledger import Owner

    seconds = _seconds(stack, duration, why)
    with open_installation() as installation:
        installation.record(stack)
        began = now()
        if seconds:
            quiet = Silence(stack, began, began + seconds, why, str(Owner.here("silence")))
            installation.ledger.silences.begin(quiet)
            told = f"Nobody is told of {stack} until {clock(quiet.until)}."
        elif installation.ledger.silences.end(stack):
            told = f"The alerts of {stack} are told again."
        else:
            told = f"{stack} was not silent."
    if json:
        print_json({"stack": stack, "until": began + seconds if seconds else None, "why": why})
    else:
        say(console(), told)


def _seconds(stack: str, text: str, why: str) -> float:
    from infra_specs.alerts.quiet import LONGEST_WITHOUT_REASON
    from infra_specs.errors import SpecError

    match = re.fullmatch(r"([0-9]{1,6})([mhd])", text)
    if text != "0" and not match:
        raise SpecError(f"found `{text[:40]}`, must be a time, as 30m, 2h or 3d, or 0 to end a silence.")
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    if seconds > LONGEST:
        raise SpecError(f"found `{text}`: nobody is silent for longer than 90 days. Fix what is told instead.")
    if seconds > LONGEST_WITHOUT_REASON and not why.strip():
        raise SpecError(
            f"found `{text}`: a silence of more than a week needs a reason, for whoever wonders. Say it: tenfold "
            f'silence {stack} {text} --why "..."'
        )
    return seconds
