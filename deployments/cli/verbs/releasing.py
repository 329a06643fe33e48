"""Commands about releases: deploy one, go back to one, list and compare them."""
# ruff: noqa: PLC0415 - what a command does is imported when it is called

from typing import Annotated

import typer

from deployments.cli.verbs.changing import Detach, Stack, Wait
from deployments.cli.verbs.reading import Json

HIGHEST_NUMBER = 1_000_000_000
"""The highest number that a release may have."""


def deploy(
    stack: Stack,
    *,
    image: Annotated[str, typer.Option("--image", help="The new container image.")] = "",
    build: Annotated[bool, typer.Option("--build", help="Build the image anew, as the spec says.")] = False,
    service: Annotated[str, typer.Option("--service", "-s", help="Which service, where several could be meant.")] = "",
    env: Annotated[list[str] | None, typer.Option("--env", "-e", metavar="K=V", help="Set a variable.")] = None,
    secret: Annotated[
        list[str] | None, typer.Option("--secret", metavar="K=NAME", help="Set a variable to a secret of the stack.")
    ] = None,
    unset: Annotated[list[str] | None, typer.Option("--unset", metavar="K", help="Remove a variable.")] = None,
    command: Annotated[str, typer.Option("--command", help="The new command, split as a shell would.")] = "",
    folder: Annotated[str, typer.Option("--folder", help="Where the command runs, on the local target.")] = "",
    before: Annotated[str, typer.Option("--before", help="Run once before it gets a request: migrations.")] = "",
    health: Annotated[str, typer.Option("--health", help="The path that answers 200 when it is ready.")] = "",
    memory: Annotated[str, typer.Option("--memory", help="Memory of one replica, as 512MB.")] = "",
    cpus: Annotated[
        float, typer.Option("--cpus", min=0, max=1024, show_default=False, help="Processor cores of one replica.")
    ] = 0,
    canary: Annotated[
        int,
        typer.Option(
            "--canary",
            metavar="PERCENT",
            min=0,
            max=50,
            show_default=False,
            help="Requests that one new replica gets first.",
        ),
    ] = 0,
    bake: Annotated[
        float, typer.Option("--bake", metavar="S", min=1, max=86_400, help="Seconds that the canary is watched.")
    ] = 60,
    wait: Wait = False,
    detach: Detach = False,
) -> None:
    """Replace a service by a new release, without a lost request.

    What is not given stays as it is. The new serves before the old goes; a bad
    one never gets a request and is undone. Values are visible: secrets by name.

    Examples:
    tenfold deploy shop --image shop:2
    tenfold deploy shop --build
    tenfold deploy shop -s web -e THEME=dark --unset DEBUG
    tenfold deploy shop --image shop:3 --canary 10 --bake 120
    """
    from deployments.cli.verbs.start_release import deploy as submit

    given = {
        "image": image, "command": command, "folder": folder, "before": before, "health": health, "memory": memory,
        "cpus": cpus,
    }  # fmt: skip
    how = {**({"build": True} if build else {}), **({"canary": canary, "bake": bake} if canary else {})}
    submit(stack, service, given, (env or [], secret or [], unset or []), how, wait=wait, detach=detach)


def rollback(
    stack: Stack,
    release: Annotated[
        int,
        typer.Argument(
            metavar="N",
            min=0,
            max=HIGHEST_NUMBER,
            show_default=False,
            help="Its number; the last other one if left out.",
        ),
    ] = 0,
    wait: Wait = False,
    detach: Detach = False,
) -> None:
    """Go back to an earlier release: images, commands, environment, secrets.

    The counts stay as they are, and so does the data.

    Examples:
    tenfold rollback shop
    tenfold rollback shop 3
    """
    from deployments.cli.verbs.start_release import rollback as submit

    submit(stack, release, wait=wait, detach=detach)


def releases(
    stack: Stack,
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=10_000, help="At most so many.")] = 20,
    json: Json = False,
) -> None:
    """The releases of a stack: what changed, by whom, and how it came out.

    Examples:
    tenfold releases shop
    """
    from deployments.cli.views.releases import releases as present

    present(stack, number, json=json)


def diff(
    stack: Stack,
    first: Annotated[
        int,
        typer.Argument(
            metavar="A", min=0, max=HIGHEST_NUMBER, show_default=False, help="A release; else the one before B."
        ),
    ] = 0,
    second: Annotated[
        int,
        typer.Argument(
            metavar="B", min=0, max=HIGHEST_NUMBER, show_default=False, help="Another; else the one that runs."
        ),
    ] = 0,
    json: Json = False,
) -> None:
    """What changed from one release to another. Secrets are told by version.

    Examples:
    tenfold diff shop          what the last deploy changed
    tenfold diff shop 3        from release 3 to what runs
    tenfold diff shop 3 5
    """
    from deployments.cli.views.releases import diff as present

    present(stack, first, second, json=json)
