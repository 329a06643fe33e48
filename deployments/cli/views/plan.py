"""A plan with its sizing, its price and its debts, in a terminal or as one JSON document."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import Cell, lay, say
from deployments.cli.views.debts import debt_rows
from infra_specs.desired import DesiredStack
from infra_specs.overview.debts import register
from infra_specs.plan.plan import SIGNS, Action, Change, Plan
from infra_specs.pricing.aws.bill import BillLine
from infra_specs.stackfile.messages.no_effect import settings_without_effect
from tasks.base.clock import today
from tasks.stack.fleet import PlannedFleet

COLOURS: dict[Action, str] = {"create": "green", "update": "yellow", "wait": "cyan", "destroy": "red"}


def data(
    desired: DesiredStack, plan: Plan, notes: Sequence[str] = (), hosts: PlannedFleet | None = None
) -> dict[str, Any]:
    """Plan, sizing, price, debts and notes as JSON data. Settings refer to secrets by name.

    Of a stack on a fleet, also the plan of its `hosts`, which comes first.
    """
    of_hosts = {"hosts": {"plan": hosts.plan.data(), "notes": list(hosts.survey.notes())}} if hosts else {}
    return {
        "stack": plan.stack,
        "target": desired.stack.target.provider,
        "plan": plan.data(),
        "sizing": asdict(desired.sizing),
        "price": asdict(desired.price),
        "debts": [debt.model_dump(mode="json") for debt in desired.stack.debts],
        "notes": list(notes),
        **of_hosts,
    }


def show(
    to: Console,
    desired: DesiredStack,
    plan: Plan,
    notes: Sequence[str] = (),
    hosts: PlannedFleet | None = None,
) -> None:
    """The whole plan, that of its hosts first. `notes` are shown below the price."""
    title = Text.assemble((plan.stack, "bold"), f" on {desired.stack.target.provider}: {plan.summary}")
    say(to, title)
    _heading(to, "Sizing")
    _arithmetic(to, desired.sizing.arithmetic)
    _heading(to, "Price")
    _price(to, desired)
    _bill(to, desired.price.bill)
    if notes:
        _heading(to, "Notes")
        _notes(to, notes)
    if desired.stack.debts:
        _heading(to, "Debts")
        lay(to, debt_rows(desired.stack))
    if hosts:
        _hosts(to, hosts)
    _heading(to, "Plan")
    rows = list(_wave_rows(plan))
    lay(to, rows or [[Text(plan.summary, "dim")]])


def show_summary(to: Console, desired: DesiredStack) -> None:
    """What matters before a run: the replicas and their arithmetic, the price, settings without effect, and expired
    debts."""
    say(to, Text.assemble((desired.stack.name, "bold"), f" on {desired.stack.target.provider}"))
    _arithmetic(to, [line for size in desired.sizing.services.values() for line in size.arithmetic])
    _price(to, desired)
    _notes(to, settings_without_effect(desired.stack))
    for due in register(desired.stack, today()):
        if due.expired:
            say(to, Text("!", "bold red"), Text(f"debt {due.due}: {due.debt.what}", "bold red"), indent=2)


def _hosts(to: Console, hosts: PlannedFleet) -> None:
    _heading(to, f"Hosts of {hosts.plan.stack}")
    lay(to, list(_wave_rows(hosts.plan)) or [[Text(hosts.plan.summary, "dim")]])
    _notes(to, hosts.survey.notes())


def _heading(to: Console, text: str) -> None:
    to.print()
    say(to, Text(text, "bold"))


def _arithmetic(to: Console, lines: list[str] | tuple[str, ...]) -> None:
    """The results under one another. A line without a result stays as it is; so do all in a narrow terminal."""
    split = [line.rpartition(" = ") for line in lines]
    widest = max((len(left) for left, _, _ in split), default=0)
    if widest + 24 > to.width:
        lay(to, ([line] for line in lines))
        return
    for left, equals, right in split:
        lay(to, [[left.ljust(widest), Text.assemble(("= ", "dim"), right)] if equals else [right]])


def _price(to: Console, desired: DesiredStack) -> None:
    price = desired.price
    over = price.budget is not None and price.today is not None and price.today > price.budget
    say(to, Text(str(price), "bold red" if over else ""), indent=2)
    say(to, Text(price.source, "dim"), indent=2)


def _bill(to: Console, lines: Sequence[BillLine]) -> None:
    rows = [["part", "of it", "quantity", "price", "a month", "from"], *(_bill_row(line) for line in lines)]
    if lines:
        lay(to, ([Text(cell, "dim") if not number else cell for cell in row] for number, row in enumerate(rows)))


def _bill_row(line: BillLine) -> list[str]:
    price = "unknown" if line.unit_price is None else f"${line.unit_price:.10g}"
    amount = "unknown" if line.amount is None else f"${line.amount:,.2f}"
    quantity = f"{line.quantity:,.6g} {line.unit}".strip()
    return [line.address, line.what, quantity, price, amount, f"{line.key}, {line.source}".removeprefix(", ")]


def _notes(to: Console, notes: Sequence[str]) -> None:
    for note in notes:
        say(to, note, indent=2)


def _wave_rows(plan: Plan) -> Iterator[list[Cell]]:
    for number, wave in enumerate(plan.waves, 1):
        for index, change in enumerate(wave):
            yield [Text("" if index else f"wave {number}", "dim"), *_change_cells(change)]
    for index, skipped in enumerate(plan.skipped):
        label = Text("" if index else "left", "dim")
        yield [label, Text("!", "yellow"), skipped.address, Text(skipped.reason, "dim")]


def _change_cells(change: Change) -> tuple[Cell, ...]:
    name = str(change.instance) if change.action == "destroy" and change.instance else change.address
    return Text(SIGNS[change.action], f"bold {COLOURS[change.action]}"), name, Text(change.reason, "dim")
