"""`tenfold report`: whether a stack moves, as Markdown."""

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Json, StackOrAll


@app.command(rich_help_panel=LOOK_PANEL)
def report(stack: StackOrAll = "", json: Json = False) -> None:
    """The report of the last seven days, as Markdown: users against the design, price, releases, scaling, debts.

    It is made from what was measured and recorded; nothing is asked of a target.

    Examples:
    tenfold report
    tenfold report shop > report.md
    tenfold report shop --json | jq .stacks.shop.dora
    """
    from functools import partial

    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json, say
    from deployments.cli.views import faults
    from infra_specs.overview.report_text import report_text
    from tasks.base.clock import now
    from tasks.base.side_by_side import look_at
    from tasks.overview.report import report as report_of

    with open_installation() as installation:
        records = [record for record in installation.stacks(stack) if record.wanted or stack]
        reports, unread = look_at(
            {record.name: partial(report_of, installation.ledger, record, now()) for record in records}
        )
    if json:
        print_json({"stacks": {name: made.data() for name, made in reports.items()}, **faults.data(unread)})
    else:
        if not records:
            say(console(), "No stack is up.")
        print("\n".join(map(report_text, reports.values())), end="")
        faults.show(unread)
    faults.exit_if_any(unread)
