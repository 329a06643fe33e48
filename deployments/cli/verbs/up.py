"""`tenfold up`: from a file to a page, for whoever knows no other verb."""

from typing import TYPE_CHECKING, Annotated

import typer

from deployments.cli.app import BEGIN_PANEL, app
from deployments.cli.verbs.arguments import Env, FileHere, Wait, file_here

if TYPE_CHECKING:
    from deployments.cli.installation import Installation, StackArgument


@app.command(rich_help_panel=BEGIN_PANEL)
def up(
    file_or_stack: FileHere = "",
    env: Env = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    wait: Wait = False,
) -> None:
    """Show the plan with its price, ask, build it, and open its page.

    The same as plan, provision and open. Running it again follows a change of
    the file.

    Examples:
    tenfold up
    tenfold up --yes               for scripts
    tenfold up --env staging
    """
    from deployments.cli.installation import open_installation, resolve_stack
    from deployments.cli.verbs.provision import build

    with open_installation() as installation:
        argument = resolve_stack(installation.ledger, file_or_stack or file_here(), env=env)
        has_changes = _show_plan(installation, argument)
        if has_changes and not yes:
            _ask(argument.stack.name)
        build(installation, argument, wait=wait)
        _open(installation, argument.stack.name)


def _show_plan(installation: "Installation", argument: "StackArgument") -> bool:
    """Show the plan, and say whether it changes anything. Raises what a provision would raise."""
    from deployments.cli.terminal.output import console
    from deployments.cli.verbs.plan import plan_hosts, plan_provision, plan_unseen
    from deployments.cli.views.plan import show
    from infra_specs.overview.debts import refuse_expired
    from infra_specs.pricing.price import refuse_over_budget
    from tasks.base.clock import today

    hosts = plan_hosts(installation, argument)
    plan_of = plan_unseen if hosts and hosts.is_new else plan_provision
    desired, changes, notes = plan_of(installation, argument)
    show(console(), desired, changes, notes, hosts)
    refuse_expired(argument.stack, today())  # last: a plan that is refused is shown, too
    refuse_over_budget(argument.stack.name, desired.price)
    return not changes.empty or bool(hosts and hosts.is_new)


def _ask(name: str) -> None:
    """Ask whether to build it. Raises PlanError for any answer but yes, or where nobody can be asked."""
    from deployments.cli.terminal.questions import ask, can_ask
    from infra_specs.errors import PlanError

    if not can_ask():
        raise PlanError("Nobody can be asked here, so nothing was built. Say that you mean it: tenfold up --yes")
    if ask(f"Build {name}? [y/N]").strip().lower() not in ("y", "yes"):
        raise PlanError("Nothing was built.")


def _open(installation: "Installation", name: str) -> None:
    """Open the page of its first service in the browser, where there are both."""
    from deployments.cli.terminal.browser import open_in_browser
    from infra_specs.resources.instance import links_of

    links = links_of(installation.observed(installation.record(name).stack()))
    if links:
        open_in_browser(next(iter(links.values())))
