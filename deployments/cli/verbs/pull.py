"""`tenfold pull`: the file of what runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from deployments.cli.installation import Installation
    from infra_specs.stackfile.models import stack as models


@app.command(rich_help_panel=LOOK_PANEL)
def pull(
    stack: Stack,
    output: Annotated[str, typer.Option("--output", "-o", help="The file to write; STACK.yaml unless given.")] = "",
) -> None:
    """Write the file of a stack as it runs: a plan of that file is empty.

    It has the services as they were deployed last, whoever did. Relative paths
    start at the new file's folder, which is none that a service's code is in.
    Never overwrites.

    Examples:
    tenfold pull shop
    tenfold pull shop -o stack.yaml
    """
    import os
    from pathlib import Path

    import yaml

    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, say
    from deployments.cli.verbs.init import write_new, write_schema
    from deployments.cli.verbs.show import short_spec
    from infra_specs.projects.moved import moved

    path = Path(os.path.normpath(Path(output or f"{stack}.yaml").absolute()))
    with open_installation() as installation:
        running, source = running_stack(installation, stack), installation.record(stack).source
    _refuse_in_code(running, source, path)
    has_folders = running.target.runs != "containers"
    spec = moved(short_spec(running), source, str(path.parent), has_folders=has_folders)
    text = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, width=1_000_000)
    write_new(path, f"# yaml-language-server: $schema={write_schema()}\n{text}")
    say(console(), f"{path.name} is written: {stack} as it runs.")


def _refuse_in_code(running: "models.Stack", source: str, path: "Path") -> None:
    """Raise SpecError if the file would be a part of the code that runs: then a plan of it were not empty."""
    from infra_specs.errors import SpecError
    from infra_specs.projects.moved import service_around

    spec = running.model_dump(mode="json", by_alias=True)
    if running.target.runs == "processes" and (service := service_around(spec, source, str(path))):
        raise SpecError(
            f"{path.name} would lie in the folder of {service}, and be a change of its code. Write it elsewhere: "
            f"-o {path.parent.parent / path.name}"
        )


def running_stack(installation: "Installation", name: str) -> "models.Stack":
    """The stack with the services of the release that runs. Raises UnknownStack; PlanError if the two do not fit."""
    from infra_specs.releases.manifest import apply_to
    from tasks.stack.record import snapshot_of

    record = installation.record(name)
    current = snapshot_of(installation.ledger, record.stack(), record.source).current
    return apply_to(record.stack(), current.content) if current else record.stack()
