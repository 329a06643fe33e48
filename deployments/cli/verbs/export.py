"""`tenfold export`: a stack in the language of another tool."""

from deployments.cli.app import LOOK_PANEL, App, app
from deployments.cli.verbs.arguments import FileOrStack

export = App(
    help="""Write a stack in the language of another tool.

    Examples:
    tenfold export compose shop > compose.yaml
    """
)
app.add_typer(export, name="export", rich_help_panel=LOOK_PANEL)


@export.command()
def compose(file_or_stack: FileOrStack) -> None:
    """Print a Compose file that runs the same without Tenfold.

    It asks for each secret by name, and for passwords. What Compose has no word
    for is below `x-tenfold`, where `tenfold import` finds it.

    Examples:
    tenfold export compose shop > compose.yaml
    """
    from deployments.cli.installation import open_installation, resolve_stack
    from infra_specs.compose.export_stack import export_compose

    with open_installation() as installation:
        stack = resolve_stack(installation.ledger, file_or_stack).stack
        record = installation.ledger.stacks.find(stack.name)
        counts = {service: override.replicas for service, override in (record.overrides if record else {}).items()}
    print(export_compose(stack, counts), end="")
