"""`tenfold upgrade`: how this installation is brought up to date."""

from deployments.cli.app import INSTALLATION_PANEL, app


@app.command(rich_help_panel=INSTALLATION_PANEL)
def upgrade() -> None:
    """Print the command that brings Tenfold up to date, as it was installed here. Runs nothing.

    Afterwards `tenfold version --check` says whether the control plane must be
    started anew. Stacks run on meanwhile.

    Examples:
    tenfold upgrade
    eval "$(tenfold upgrade)"      and run it
    """
    from deployments.cli.verbs.version import how_installed
    from infra_specs.installed.way import upgrade_command

    print(upgrade_command(how_installed()))
