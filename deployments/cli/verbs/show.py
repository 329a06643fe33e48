"""`tenfold show`: the spec of a stack as it is wanted now."""

from typing import TYPE_CHECKING, Any

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Env, FileOrStack, Json

if TYPE_CHECKING:
    from infra_specs.stackfile.models import stack as models


@app.command(rich_help_panel=LOOK_PANEL)
def show(file_or_stack: FileOrStack, env: Env = "", json: Json = False) -> None:
    """The spec of a stack as it is wanted now, or of a file in an environment, as YAML.

    Examples:
    tenfold show shop > shop.yaml
    tenfold show stack.yaml --env staging
    """
    import yaml

    from deployments.cli.installation import open_installation, resolve_stack
    from deployments.cli.terminal.output import print_json
    from deployments.cli.terminal.words import clock_time

    with open_installation() as installation:
        argument = resolve_stack(installation.ledger, file_or_stack, env=env)
        if json:
            print_json(short_spec(argument.stack))
            return
        if "spec" in argument.parameters:
            print(yaml.safe_dump(short_spec(argument.stack), sort_keys=False, allow_unicode=True), end="")
            return
        record = installation.record(argument.stack.name)
    print(f"# Relative paths start at {record.source}")
    if not record.wanted:
        print(f"# Torn down {clock_time(record.since)}")
    for service, override in record.overrides.items():
        reason = f"{override.reason} ({clock_time(override.since)})" if override.reason else ""
        print(f"# {reason or f'{service}: {override.replicas}'}")
    print(yaml.safe_dump(short_spec(record.stack()), sort_keys=False, allow_unicode=True), end="")


def short_spec(stack: "models.Stack") -> dict[str, Any]:
    """The spec as a person writes it: without defaults, and a need without settings as the name of its engine."""
    spec = stack.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for need, settings in spec.get("needs", {}).items():
        spec["needs"][need] = settings or getattr(stack.needs, need).engine
    for service in spec["services"].values():
        if "build" in service:
            service.pop("image", None)  # the image that was built; a file gives one of the two
    return spec
