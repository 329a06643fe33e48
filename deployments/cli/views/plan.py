"""A plan in a terminal, with its sizing, its price and its debts; or the same as one JSON document."""

import json as jsonlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import open_installation, resolve_stack
from deployments.cli.terminal.output import Cell, console, lay, say
from deployments.cli.terminal.words import counted
from infra_specs.desired import DesiredStack, desired_from_spec, provisioned_manifest
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import SIGNS, Action, Change, Plan
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.releases.manifest import images_named
from infra_specs.stackfile.messages.no_effect import settings_without_effect
from infra_specs.stackfile.models.stack import Debt
from tasks.base.clock import now
from tasks.changes.health_reasons import observed
from tasks.stack.certificate import check_certificate
from tasks.stack.images import local_images
from tasks.stack.preflight import refuse_unstartable
from tasks.stack.preview_builds import preview_builds
from tasks.stack.record import snapshot_of

COLOURS: dict[Action, str] = {"create": "green", "update": "yellow", "wait": "cyan", "destroy": "red"}


def plan(what: str, *, json: bool) -> None:
    """`tenfold plan`. A plan over the budget is shown, and then refused as provision would."""
    with open_installation() as place:
        meant = resolve_stack(place.ledger, what)
        snapshot = snapshot_of(place.ledger, meant.stack, meant.source)
        certificate = check_certificate(place.ledger, snapshot)
        with place.target(meant.stack) as target:
            stack, builds = preview_builds(target, meant.stack, meant.source)
            snapshot = snapshot.with_stack(stack)
            named = images_named(provisioned_manifest(snapshot).services.values())
            wished = desired_from_spec(snapshot, local_images(target, stack, named))
            refuse_unstartable(target, snapshot, wished)
            made = make_plan(stack.name, wished.resources, observed(target, place.ledger, stack.name))
            limit = target.limit()
    notes = (*(note for note in (certificate, limit) if note), *builds, *settings_without_effect(meant.stack))
    if json:
        print(jsonlib.dumps(data(wished, made, notes), indent=2))
    else:
        show(console(), wished, made, datetime.fromtimestamp(now()).astimezone().date(), notes)
    refuse_over_budget(meant.stack.name, wished.price)


def data(wished: DesiredStack, made: Plan, notes: Sequence[str] = ()) -> dict[str, Any]:
    """Plan, sizing, price, debts and notes as JSON data. Settings refer to secrets by name."""
    return {
        "stack": made.stack,
        "target": wished.stack.target.provider,
        "plan": made.data(),
        "sizing": asdict(wished.sizing),
        "price": asdict(wished.price),
        "debts": [debt.model_dump(mode="json") for debt in wished.stack.debts],
        "notes": list(notes),
    }


def show(to: Console, wished: DesiredStack, made: Plan, today: date, notes: Sequence[str] = ()) -> None:
    """The whole plan; `notes` are what is to be known of it beside."""
    title = Text.assemble((made.stack, "bold"), f" on {wished.stack.target.provider}: {made.summary}")
    say(to, title)
    _heading(to, "Sizing")
    _arithmetic(to, wished.sizing.arithmetic)
    _heading(to, "Price")
    _price(to, wished)
    if notes:
        _heading(to, "Notes")
        _notes(to, notes)
    if wished.stack.debts:
        _heading(to, "Debts")
        lay(to, (line for debt in wished.stack.debts for line in _debt(debt, today)))
    _heading(to, "Plan")
    rows = list(_waves(made))
    lay(to, rows or [[Text(made.summary, "dim")]])


def head(to: Console, wished: DesiredStack) -> None:
    """What matters of it before a run: how many replicas and why, the price, and what of the file does nothing."""
    say(to, Text.assemble((wished.stack.name, "bold"), f" on {wished.stack.target.provider}"))
    _arithmetic(to, [line for size in wished.sizing.services.values() for line in size.arithmetic])
    _price(to, wished)
    _notes(to, settings_without_effect(wished.stack))


def _heading(to: Console, text: str) -> None:
    to.print()
    say(to, Text(text, "bold"))


def _arithmetic(to: Console, lines: list[str] | tuple[str, ...]) -> None:
    """The results under one another; what has no result, or a terminal with no room for that, as it is."""
    split = [line.rpartition(" = ") for line in lines]
    widest = max((len(left) for left, _, _ in split), default=0)
    if widest + 24 > to.width:
        lay(to, ([line] for line in lines))
        return
    for left, equals, right in split:
        lay(to, [[left.ljust(widest), Text.assemble(("= ", "dim"), right)] if equals else [right]])


def _price(to: Console, wished: DesiredStack) -> None:
    price = wished.price
    over = price.budget is not None and price.today is not None and price.today > price.budget
    say(to, Text(str(price), "bold red" if over else ""), indent=2)
    say(to, Text(price.source, "dim"), indent=2)


def _notes(to: Console, notes: Sequence[str]) -> None:
    for note in notes:
        say(to, note, indent=2)


def _debt(debt: Debt, today: date) -> Iterator[list[Cell]]:
    days = (debt.expires - today).days
    due = f"expired {counted(-days, 'day')} ago" if days < 0 else f"until {debt.expires}, {counted(days, 'day')} left"
    mark = Text("!", "bold red") if days < 0 else Text("·", "dim")
    yield [mark, Text.assemble(debt.what, (f"  {due}", "bold red" if days < 0 else "dim"))]
    for name, said in (("why", debt.why), ("plan", debt.plan), ("impact", debt.impact)):
        yield ["", Text.assemble((f"{name}: ", "dim"), said)]


def _waves(made: Plan) -> Iterator[list[Cell]]:
    for number, wave in enumerate(made.waves, 1):
        for at, change in enumerate(wave):
            yield [Text("" if at else f"wave {number}", "dim"), *_change(change)]
    for at, kept in enumerate(made.skipped):
        yield [Text("" if at else "left", "dim"), Text("!", "yellow"), kept.address, Text(kept.reason, "dim")]


def _change(change: Change) -> tuple[Cell, ...]:
    which = str(change.instance) if change.action == "destroy" and change.instance else change.address
    return Text(SIGNS[change.action], f"bold {COLOURS[change.action]}"), which, Text(change.reason, "dim")
