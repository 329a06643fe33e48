"""The debts of stacks, in a terminal or as JSON data."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import Cell, lay, say
from infra_specs.overview.debts import register
from infra_specs.stackfile.models.stack import Stack
from tasks.base.clock import today


def data(stacks: Iterable[Stack]) -> dict[str, Any]:
    """By stack its debts, the most urgent first."""
    return {stack.name: [due.data() for due in register(stack, today())] for stack in stacks}


def show(to: Console, stacks: Sequence[Stack]) -> None:
    """Each stack that has debts, with all that its file says of them."""
    with_debts = [stack for stack in stacks if stack.debts]
    if not with_debts:
        say(to, "No debts.")
    for stack in with_debts:
        say(to, Text(stack.name, "bold"))
        lay(to, debt_rows(stack))


def debt_rows(stack: Stack) -> Iterator[list[Cell]]:
    """The debts of a stack, the most urgent first; an expired one is loud."""
    for due in register(stack, today()):
        mark = Text("!", "bold red") if due.expired else Text("·", "dim")
        number = Text(str(due.number), "dim")
        yield [mark, number, Text.assemble(due.debt.what, (f"  {due.due}", "bold red" if due.expired else "dim"))]
        for name, text in (("why", due.debt.why), ("plan", due.debt.plan), ("impact", due.debt.impact)):
            yield ["", "", Text.assemble((f"{name}: ", "dim"), text)]
