"""`tenfold plan`: what a provision would do."""

from typing import TYPE_CHECKING

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Env, FileHere, Json, file_here

if TYPE_CHECKING:
    from deployments.cli.installation import Installation, StackArgument
    from infra_specs.desired import DesiredStack
    from infra_specs.plan.plan import Plan
    from tasks.stack.fleet import PlannedFleet

NO_SWARM = "the hosts are no Swarm yet, so of the stack everything is shown as new"


@app.command(rich_help_panel=LOOK_PANEL)
def plan(file_or_stack: FileHere = "", env: Env = "", json: Json = False) -> None:
    """What a provision would do, why, and what it costs. Touches nothing.

    Changes come in waves: + create, ~ change in place, = wait for, - destroy.
    ! is left alone, and why.

    Examples:
    tenfold plan                       of the stack.yaml in this folder
    tenfold plan shop --json | jq .price
    tenfold plan stack.yaml --env staging
    tenfold plan aws.yaml              a file for AWS: its parts, bill and times
    """
    from deployments.cli.installation import open_installation, resolve_stack
    from deployments.cli.terminal.output import console, print_json
    from deployments.cli.views.plan import data, show
    from infra_specs.errors import NoCredentials
    from infra_specs.overview.debts import refuse_expired
    from infra_specs.pricing.price import refuse_over_budget
    from tasks.base.clock import today

    with open_installation() as installation:
        argument = resolve_stack(installation.ledger, file_or_stack or file_here(), env)
        hosts = plan_hosts(installation, argument)
        try:
            plan_of = plan_unseen if hosts and hosts.is_new else plan_provision
            desired, changes, notes = plan_of(installation, argument)
        except NoCredentials:
            desired, changes, notes = plan_unseen(installation, argument)
    if json:
        print_json(data(desired, changes, notes, hosts))
    else:
        show(console(), desired, changes, notes, hosts)
    refuse_expired(argument.stack, today())  # last: a plan that is refused is shown, too
    refuse_over_budget(argument.stack.name, desired.price)


def plan_hosts(installation: "Installation", argument: "StackArgument") -> "PlannedFleet | None":
    """What a provision would do to the stack's fleet first; None for a stack on none. Raises what it would raise."""
    from contextlib import closing

    from infra_specs.fleet.of_stack import fleet_name
    from tasks.providers import open_fleet
    from tasks.stack.fleet import fleet_of, planned

    if not fleet_name(argument.stack):
        return None
    wanted = fleet_of(installation.ledger, argument.stack)
    with closing(open_fleet(wanted.hosts, installation.settings.home)) as provider:
        return planned(provider, wanted)


def plan_provision(
    installation: "Installation", argument: "StackArgument"
) -> "tuple[DesiredStack, Plan, tuple[str, ...]]":
    """The desired stack, the changes that a provision would make, and notes. Raises what the provision would raise."""
    import asyncio

    from deployments.cli.views.aws import aws_notes
    from infra_specs.desired import before_notes, refuse_changed_target
    from infra_specs.plan.make_plan import make_plan
    from infra_specs.stackfile.messages.no_effect import settings_without_effect
    from tasks.base.clock import now
    from tasks.changes.health_reasons import observed
    from tasks.stack.preflight import Preview, prepare
    from tasks.stack.record import snapshot_of
    from tasks.stack.renamed import renamed_note

    ledger = installation.ledger
    snapshot = snapshot_of(ledger, argument.stack, argument.source)
    refuse_changed_target(snapshot)
    with installation.target(argument.stack) as target:
        prepared = asyncio.run(prepare(Preview(ledger, target), snapshot, within_limits=False))
        stack, desired = prepared.snapshot.stack, prepared.desired
        changes = make_plan(stack.name, desired.resources, observed(target, ledger, stack.name), moment=now())
        limit = target.limit()
    renamed = renamed_note(ledger, snapshot)
    notes = (
        *((renamed,) if renamed else ()),
        *aws_notes(argument.stack, desired, changes),
        *before_notes(prepared.snapshot, desired),
        *prepared.notes,
        *prepared.warnings,
        *((limit,) if limit else ()),
        *settings_without_effect(argument.stack),
    )
    return desired, changes, notes


def plan_unseen(
    installation: "Installation", argument: "StackArgument"
) -> "tuple[DesiredStack, Plan, tuple[str, ...]]":
    """The same where nothing can be of the stack, or nobody is logged in: nothing is asked, everything is new."""
    from deployments.cli.views.aws import NOT_LOOKED_AT, aws_notes
    from infra_specs.backup.time import backup_notes
    from infra_specs.desired import before_notes, desired_from_spec, refuse_changed_target
    from infra_specs.plan.make_plan import make_plan
    from infra_specs.stackfile.messages.no_effect import settings_without_effect
    from infra_specs.stackfile.models.target import Aws
    from tasks.base.clock import now
    from tasks.stack.certificate import check_certificate
    from tasks.stack.record import snapshot_of

    snapshot = snapshot_of(installation.ledger, argument.stack, argument.source)
    refuse_changed_target(snapshot)
    certificate = check_certificate(installation.ledger, snapshot)
    desired = desired_from_spec(snapshot)
    changes = make_plan(argument.stack.name, desired.resources, (), moment=now())
    notes = (
        NOT_LOOKED_AT if isinstance(argument.stack.target, Aws) else NO_SWARM,
        *aws_notes(argument.stack, desired, changes),
        *before_notes(snapshot, desired),
        *((certificate,) if certificate else ()),
        *backup_notes(argument.stack),
        *settings_without_effect(argument.stack),
    )
    return desired, changes, notes
