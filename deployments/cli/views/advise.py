"""Advice: what to change next, each with its next step."""

from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import tenfold
from deployments.cli.terminal.output import say
from infra_specs.advice.growth import Advice


def data(advice: Advice) -> dict[str, Any]:
    """Advice as JSON data."""
    step = asdict(advice.step) if advice.step else None
    return {"about": advice.about, "said": advice.said, "less": advice.less, "waits": advice.waits, "step": step}


def show(to: Console, stack: str, items: tuple[Advice, ...]) -> None:
    """The advice for one stack, and the command that carries it out."""
    if not items:
        say(to, Text.assemble((stack, "bold"), ": nothing presses, and nothing is idle"))
        return
    presses = "" if any(not advice.waits for advice in items) else ": nothing presses"
    say(to, Text.assemble((stack, "bold"), presses))
    for advice in items:
        quiet = advice.less or advice.waits
        say(to, Text("·" if quiet else "!", "dim" if quiet else "yellow"), advice.said, indent=2)
        if advice.step:
            say(to, Text.assemble(("next step: ", "dim"), str(advice.step)), indent=4)
    if not all(advice.waits for advice in items):
        say(to, Text.assemble(("Have it done: ", "dim"), f"{tenfold()} grow {stack}"), indent=2)


def show_nothing_to_advise(to: Console, stack: str, *, any_known: bool) -> None:
    """Why there is no advice: no stack is up, or there is none at all. `stack` is empty for every stack."""
    if any_known:
        say(to, f"{stack or 'Every stack here'} is torn down, so there is nothing to advise.")
    else:
        say(to, f"Nothing here yet. Begin with: {tenfold()} demo")
