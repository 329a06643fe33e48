"""`tenfold provision`: build a stack, or bring it to what its file says."""

from typing import TYPE_CHECKING

from deployments.cli.app import CHANGE_PANEL, app
from deployments.cli.verbs.arguments import Detach, Env, FileHere, Wait, file_here

if TYPE_CHECKING:
    from deployments.cli.installation import Installation, StackArgument
    from infra_specs.desired import DesiredStack


@app.command(rich_help_panel=CHANGE_PANEL)
def provision(file_or_stack: FileHere = "", env: Env = "", wait: Wait = False, detach: Detach = False) -> None:
    """Build a stack, or bring it to what its file says now.

    Nothing starts if the spec has a fault, a secret is missing, or the price
    is over the budget. Ctrl-C stops following, not the run.

    Examples:
    tenfold provision stack.yaml
    tenfold provision shop             again, from the file's last content
    tenfold provision stack.yaml -d    and do not wait for its end
    """
    from deployments.cli.installation import open_installation, resolve_stack
    from deployments.cli.terminal.output import console, say
    from deployments.cli.views.plan import show_summary
    from tasks.stack.record import snapshot_of
    from tasks.stack.renamed import renamed_note

    with open_installation() as installation:
        argument = resolve_stack(installation.ledger, file_or_stack or file_here(), env=env)
        desired = _checked(installation, argument)
        snapshot = snapshot_of(installation.ledger, argument.stack, argument.source)
        if renamed := renamed_note(installation.ledger, snapshot):
            say(console(), renamed)
        show_summary(console(), desired)
        build(installation, argument, wait=wait, detach=detach)


def _checked(installation: "Installation", argument: "StackArgument") -> "DesiredStack":
    """The desired stack. Raises what would refuse the run, before a run is there to be refused."""
    import asyncio

    from infra_specs.desired import desired_from_spec, refuse_changed_target
    from infra_specs.errors import ProviderError
    from infra_specs.pricing.price import refuse_over_budget
    from tasks.stack.preflight import Preview, prepare
    from tasks.stack.record import snapshot_of

    snapshot = snapshot_of(installation.ledger, argument.stack, argument.source)
    refuse_changed_target(snapshot)
    try:
        with installation.target(argument.stack) as target:
            return asyncio.run(prepare(Preview(installation.ledger, target), snapshot)).desired
    except ProviderError:  # a target that does not answer here may still answer the run
        desired = desired_from_spec(snapshot)
        refuse_over_budget(argument.stack.name, desired.price)
        return desired


def build(installation: "Installation", argument: "StackArgument", *, wait: bool, detach: bool = False) -> None:
    """Submit the run and follow it, as `carry_out` does."""
    from deployments.cli.following.submit import RunRequest, carry_out
    from infra_specs.fleet.of_stack import fleet_name

    parameters, fleet = {**argument.parameters, "wait": wait}, fleet_name(argument.stack)
    carry_out(installation, RunRequest("provision", parameters, (argument.stack.name,), detach, fleet))
