"""`tenfold deploy`: replace a service by a new release."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Detach, Stack, Wait

Image = Annotated[str, typer.Option("--image", help="The new container image.")]
Build = Annotated[bool, typer.Option("--build", help="Build the image anew, as the spec says.")]
Service = Annotated[str, typer.Option("--service", "-s", help="Which service, where several could be meant.")]
Env = Annotated[list[str] | None, typer.Option("--env", "-e", metavar="K=V", help="Set a variable.")]
Secret = Annotated[
    list[str] | None, typer.Option("--secret", metavar="K=NAME", help="Set a variable to a secret of the stack.")
]
Unset = Annotated[list[str] | None, typer.Option("--unset", metavar="K", help="Remove a variable.")]
Command = Annotated[str, typer.Option("--command", help="The new command, split as a shell would.")]
Folder = Annotated[str, typer.Option("--folder", help="Where the command runs, on the local target.")]
Before = Annotated[str, typer.Option("--before", help="Run once before it gets a request: migrations.")]
Health = Annotated[str, typer.Option("--health", help="The path that answers 200 when it is ready.")]
Memory = Annotated[str, typer.Option("--memory", help="Memory of one replica, as 512MB.")]
Cpus = Annotated[
    float, typer.Option("--cpus", min=0, max=1024, show_default=False, help="Processor cores of one replica.")
]
Canary = Annotated[
    int,
    typer.Option(
        "--canary",
        metavar="PERCENT",
        min=0,
        max=50,
        show_default=False,
        help="Requests that one new replica gets first.",
    ),
]
Bake = Annotated[
    float, typer.Option("--bake", metavar="S", min=1, max=86_400, help="Seconds that the canary is watched.")
]


@app.command(rich_help_panel=CHANGE_PANEL)
def deploy(
    stack: Stack, *, image: Image = "", build: Build = False, service: Service = "", env: Env = None,
    secret: Secret = None, unset: Unset = None, command: Command = "", folder: Folder = "", before: Before = "",
    health: Health = "", memory: Memory = "", cpus: Cpus = 0, canary: Canary = 0, bake: Bake = 60, wait: Wait = False,
    detach: Detach = False,
) -> None:  # fmt: skip
    """Replace a service by a new release, without a lost request.

    What is not given stays as it is. The new serves before the old goes; a bad
    one never gets a request and is undone. Values are visible: secrets by name.

    Examples:
    tenfold deploy shop --image shop:2
    tenfold deploy shop --build
    tenfold deploy shop -s web -e THEME=dark --unset DEBUG
    tenfold deploy shop --image shop:3 --canary 10 --bake 120
    """
    from deployments.cli.following.submit import RunRequest, carry_out
    from deployments.cli.installation import open_installation
    from deployments.cli.verbs.new_release import show_new_release
    from infra_specs.releases.deploy_options import DeployOptions
    from tasks.stack.record import recorded_snapshot
    from tasks.stack.release import deploy_target

    options = DeployOptions(
        service=service, image=image, build=build, command=command, folder=folder, before=before, health=health,
        memory=memory, cpus=cpus, canary=canary, bake=bake,
        env=variables(settings=env or (), secrets=secret or (), removed=unset or ()),
    )  # fmt: skip
    with open_installation() as installation:
        snapshot = recorded_snapshot(installation.ledger, stack)
        show_new_release(snapshot, deploy_target(snapshot, options))
        parameters = {"stack": stack, **options.parameters(), "wait": wait}
        carry_out(installation, RunRequest("deploy", parameters, (stack,), detach))


def variables(*, settings: Sequence[str], secrets: Sequence[str], removed: Sequence[str]) -> dict[str, Any]:
    """The variables of `--env K=V`, `--secret K=NAME` and `--unset K`. Raises SpecError for a text without `=`."""
    from infra_specs.errors import SpecError

    env: dict[str, Any] = {}
    for option, texts in (("--env", settings), ("--secret", secrets)):
        for text in texts:
            name, equals, value = text.partition("=")
            if not name or not equals:
                raise SpecError(f"{option}: found `{text}`, write NAME=VALUE.")
            env[name] = value if option == "--env" else {"secret": value}
    return env | dict.fromkeys(removed)
