"""`tenfold advise`: what to change next."""

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Json, StackOrAll


@app.command(rich_help_panel=LOOK_PANEL)
def advise(stack: StackOrAll = "", json: Json = False) -> None:
    """What to change next, before it presses: growth, budget, sizes that do not fit.

    Each with its next step, what that costs, what it touches, and for how
    long something is away. Touches nothing.

    Examples:
    tenfold advise shop
    """
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views import faults
    from deployments.cli.views.advise import data, show, show_nothing_to_advise
    from tasks.autoscaling.advice import advice

    with open_installation() as installation:
        records = installation.stacks(stack)
        standing = [record for record in records if record.wanted]
        advice_by_stack, silent = advice(installation.ledger, standing)
    if json:
        print_json(
            {"stacks": {name: [*map(data, items)] for name, items in advice_by_stack.items()}, **faults.data(silent)}
        )
        faults.exit_if_any(silent)
        return
    if not standing:
        show_nothing_to_advise(console(), stack, any_known=bool(records))
    unheard = {fault.stack for fault in silent}
    for name, items in advice_by_stack.items():
        if items or name not in unheard:
            show(console(), name, items)
    faults.show(silent)
    faults.exit_if_any(silent)
