"""`tenfold replay`: what another scaling policy would have done."""

from typing import Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Json, Stack

Service = Annotated[str, typer.Argument(metavar="SERVICE", help="Which of its services.")]
Table = Annotated[str, typer.Option("--csv", metavar="FILE", help="Requests per interval, one a line.")]
Interval = Annotated[float, typer.Option("--interval", min=1, max=86_400, help="Seconds between two lines of --csv.")]
Days = Annotated[
    float, typer.Option("--days", min=0.01, max=35, help="So many days of what was measured; two are kept whole.")
]
Policy = Annotated[str, typer.Option("--policy", metavar="FILE", help="Another `scaling:`, as YAML.")]
Svg = Annotated[str, typer.Option("--svg", metavar="FILE", help="Draw it, too.")]


@app.command(rich_help_panel=LOOK_PANEL)
def replay(  # noqa: PLR0917 - one parameter an option
    stack: Stack, service: Service, csv: Table = "", interval: Interval = 60, days: Days = 1, policy: Policy = "",
    svg: Svg = "", json: Json = False,
) -> None:  # fmt: skip
    """Play the users that there were through the policy, and through another.

    Shows what each would have lost, how many replicas it would have had, and
    what they cost. Touches nothing. Requests above what the serving replicas
    take are lost; a new replica serves after the time that was measured.

    Every window is kept for two days, and of earlier ones means of five
    minutes. Those have no noise: a careful policy looks like a waste on them.
    Compare policies on two days or on a table.

    A policy file holds what stands under `scaling:` of a service:
    window: 5m
    prefer: quick

    A line of a CSV file is an interval; its last column counts its requests:
    2026-11-22T18:04:00,1731

    Examples:
    tenfold replay shop web --days 2 --policy careful.yaml
    tenfold replay shop web --csv requests.csv --interval 15 --svg web.svg
    """
    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views.replay import data, draw, show
    from tasks.autoscaling.replay import ReplayRequest
    from tasks.autoscaling.replay import replay as play

    with open_installation() as installation:
        record = installation.record(stack)
        result = play(installation.ledger, record, ReplayRequest(service, csv, interval, days, policy))
    if svg:
        draw(svg, result)
    if json:
        print_json(data(result))
    else:
        show(console(), result, picture=svg)
