"""What to change next, before it presses."""

import json as jsonlib
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import open_installation, tenfold
from deployments.cli.terminal.output import console, say
from deployments.cli.views.faults import data as faults_data
from deployments.cli.views.faults import end, tell
from infra_specs.advice.growth import Advice
from tasks.autoscaling.advice import advice


def advise(stack: str, *, json: bool) -> None:
    """`tenfold advise`. Raises UnknownStack for a stack that is not known."""
    with open_installation() as place:
        known = place.stacks(stack)
        asked = [one for one in known if one.wanted]
        found, faults = advice(place.ledger, asked)
    if json:
        told = {"stacks": {name: [data(one) for one in advised] for name, advised in found.items()}}
        print(jsonlib.dumps({**told, **faults_data(faults)}, indent=2))
        end(faults)
        return
    to = console()
    if not asked:
        down = f"{stack or 'Every stack here'} is torn down, so there is nothing to advise."
        say(to, down if known else f"Nothing here yet. Begin with: {tenfold()} demo")
    silent = {fault.stack for fault in faults}
    for name, advised in found.items():
        if advised or name not in silent:
            show(to, name, advised)
    tell(faults)
    end(faults)


def data(one: Advice) -> dict[str, Any]:
    """Advice as JSON data."""
    return {"about": one.about, "said": one.said, "less": one.less, "step": asdict(one.step) if one.step else None}


def show(to: Console, stack: str, found: tuple[Advice, ...]) -> None:
    """What is to be said of one stack, each with its next step, and how to have it done."""
    if not found:
        say(to, Text.assemble((stack, "bold"), ": nothing presses, and nothing is idle"))
        return
    say(to, Text(stack, "bold"))
    for one in found:
        say(to, Text("·" if one.less else "!", "dim" if one.less else "yellow"), one.said, indent=2)
        if one.step:
            say(to, Text.assemble(("next step: ", "dim"), str(one.step)), indent=4)
    say(to, Text.assemble(("Have it done: ", "dim"), f"{tenfold()} grow {stack}"), indent=2)
