"""`tenfold status`: what runs, where, and how well."""

from deployments.cli.app import LOOK_PANEL, app
from deployments.cli.verbs.arguments import Json, StackOrAll


@app.command(rich_help_panel=LOOK_PANEL)
def status(stack: StackOrAll = "", json: Json = False) -> None:
    """What runs, where, and how well.

    A stack that cannot be looked at is named on one line, and the others are
    shown. The exit code is then 1, as with a full disk, which is said.

    Examples:
    tenfold status
    tenfold status shop
    tenfold status --json
    """
    from functools import partial

    from deployments.cli.installation import open_installation
    from deployments.cli.terminal.output import console, print_json, say
    from deployments.cli.views import checks, faults, front, stack_view
    from deployments.cli.views.status import show_all
    from deployments.server import control_plane
    from deployments.server.program import other_program_note
    from tasks.base.disk import require_space
    from tasks.base.side_by_side import look_at
    from tasks.providers import preload

    with open_installation() as installation:
        records = installation.stacks(stack)
        preload(record.target for record in records)
        views, silent = look_at({record.name: partial(stack_view.look, installation, record) for record in records})
        machines = front.machines(installation) if records and not stack else ()
        fronts, silent_fronts = look_at({machine: partial(front.look, installation, machine) for machine in machines})
        plane = control_plane.status() if records else None
        last_check, scaling = checks.line(installation), checks.data(installation)
    all_faults = (*silent, *silent_fronts, *(view.fault for view in views.values() if view.fault))
    if json:
        stacks = [stack_view.data(view) for view in views.values()]
        print_json(
            {"stacks": stacks, "fronts": front.data(fronts.values()), "scaling": scaling, **faults.data(all_faults)}
        )
    else:
        show_all(console(), list(views.values()), last_check, any_known=bool(records))
        front.show(console(), fronts.values())
        if plane and (note := other_program_note(plane.program)):
            say(console(), note)
        faults.show((*silent, *silent_fronts))
    require_space(installation.settings.home)
    faults.exit_if_any(all_faults)
