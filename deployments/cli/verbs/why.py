"""`tenfold why`: the decisions that led to a number of replicas."""

from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Json, Stack

DECISIONS_LOOKED_BACK = 2000
"""Decisions that are searched for those that change a count."""


@app.command(rich_help_panel=LOOK_PANEL)
def why(
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service; every one if left out.")] = "",
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=10_000, help="At most so many decisions.")] = 10,
    changes: Annotated[bool, typer.Option("--changes", help="Only those that change the count.")] = False,
    json: Json = False,
) -> None:
    """Why a service has as many replicas as it has: the last decisions, and every step of them.

    The newest first. A decision that stays the same is shown once, with how
    long it held. Below them is how the service and its needs were sized.

    Examples:
    tenfold why shop web
    tenfold why shop --changes -n 50
    """
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views.why import data, show_all, show_sizing
    from infra_specs.sizing.size import size
    from tasks.stack.record import recorded_spec

    with open_installation() as installation:
        spec, _ = recorded_spec(installation.ledger, stack)
        if service:
            spec.service(service)
        limit = DECISIONS_LOOKED_BACK if changes else number
        last_decisions = installation.ledger.decisions.recent(stack, service or None, limit)
        last_check = installation.ledger.checks.last()
    decisions = [entry for entry in last_decisions if entry.decision.changes or not changes][:number]
    sizing = size(spec).arithmetic_of(service or None)
    if json:
        print_json({"decisions": [data(entry) for entry in decisions], "sizing": sizing})
    else:
        show_all(console(), stack, decisions, last_check)
        show_sizing(console(), sizing)
