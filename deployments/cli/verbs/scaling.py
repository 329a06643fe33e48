"""Commands about scaling: why there are so many replicas, and what would be with another policy."""
# ruff: noqa: PLC0415 - what a command does is imported when it is called

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")]
Stack = Annotated[str, typer.Argument(metavar="STACK", help="The stack's name.")]


def why(
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="A service; every one if left out.")] = "",
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=10_000, help="At most so many decisions.")] = 10,
    changes: Annotated[bool, typer.Option("--changes", help="Only those that change the count.")] = False,
    json: Json = False,
) -> None:
    """Why a service has as many replicas as it has: the last decisions, and every step of them.

    The newest first. A decision that stays the same is shown once, with how
    long it held.

    Examples:
    tenfold why shop web
    tenfold why shop --changes -n 50
    """
    from deployments.cli.views.why import why as present

    present(stack, service, number, changes=changes, json=json)


def replay(  # noqa: PLR0917 - one parameter an option
    stack: Stack,
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Which of its services.")],
    csv: Annotated[str, typer.Option("--csv", metavar="FILE", help="Requests per interval, one a line.")] = "",
    interval: Annotated[
        float, typer.Option("--interval", min=1, max=86_400, help="Seconds between two lines of --csv.")
    ] = 60,
    days: Annotated[
        float, typer.Option("--days", min=0.01, max=35, help="So many days of what was measured; two are kept whole.")
    ] = 1,
    policy: Annotated[str, typer.Option("--policy", metavar="FILE", help="Another `scaling:`, as YAML.")] = "",
    svg: Annotated[str, typer.Option("--svg", metavar="FILE", help="Draw it, too.")] = "",
    json: Json = False,
) -> None:
    """Play the users that there were through the policy, and through another.

    Shows what each would have lost, how many replicas it would have had, and
    what they cost. Touches nothing. Requests above what the serving replicas
    take are lost; a new replica serves after the time that was measured.

    Every window is kept for two days, and of earlier ones means of five
    minutes. Those have no noise: a careful policy looks like a waste on them.
    Compare policies on two days or on a table.

    A policy file holds what stands under `scaling:` of a service:
    window: 5m
    caution: 3

    A line of a CSV file is an interval; its last column counts its requests:
    2026-11-22T18:04:00,1731

    Examples:
    tenfold replay shop web --days 2 --policy careful.yaml
    tenfold replay shop web --csv requests.csv --interval 15 --svg web.svg
    """
    from deployments.cli.views.replay import Asked
    from deployments.cli.views.replay import replay as present

    present(Asked(stack, service, csv, interval, days, policy, svg), json=json)


def advise(
    stack: Annotated[str, typer.Argument(metavar="STACK", help="The stack's name; every stack if left out.")] = "",
    json: Json = False,
) -> None:
    """What to change next, before it presses: growth, budget, sizes that do not fit.

    Each with its next step, what that costs, what it touches, and for how
    long something is away. Touches nothing.

    Examples:
    tenfold advise shop
    """
    from deployments.cli.views.advise import advise as present

    present(stack, json=json)


def grow(stack: Stack) -> None:
    """Have the next step of a stack weighed, and done once you approve it in the UI.

    The run waits on its page for your word; its values can be changed there.
    What is advised and what you changed is done, and all else stays as it is
    by then. A step that no longer fits is refused.

    Examples:
    tenfold grow shop
    """
    from deployments.cli.verbs.start_run import grow as submit

    submit(stack)
