"""The command line. Verbs that change are flow runs, submitted and followed; verbs that read need no server.

What a command imports it imports when it is called: `tenfold --help` loads neither SQLAlchemy nor Prefect.
"""

import io
import sys
import traceback

from deployments.cli.app import EXIT_FAILED, app
from deployments.cli.verbs import access, changing, demonstrate, reading, releasing, scaling, secret, server
from tasks.base.core_dumps import forbid as forbid_core_dumps
from tasks.run.redacted_logs import redact_logs

CHANGE_PANEL, LOOK_PANEL = "Change a stack", "Look at a stack"
BEGIN_PANEL, INSTALLATION_PANEL = "Begin", "This installation"

app.command(rich_help_panel=BEGIN_PANEL)(demonstrate.demo)
app.command(rich_help_panel=CHANGE_PANEL)(changing.provision)
app.command(rich_help_panel=CHANGE_PANEL)(releasing.deploy)
app.command(rich_help_panel=CHANGE_PANEL)(releasing.rollback)
app.command(rich_help_panel=CHANGE_PANEL)(changing.scale)
app.command(rich_help_panel=CHANGE_PANEL)(changing.teardown)
app.command(rich_help_panel=CHANGE_PANEL)(changing.reconcile)
app.command(rich_help_panel=CHANGE_PANEL)(changing.autoscale)
app.command(rich_help_panel=CHANGE_PANEL)(scaling.grow)
app.command(rich_help_panel=CHANGE_PANEL, context_settings=access.COMMAND_FOLLOWS)(access.run)
app.command(rich_help_panel=LOOK_PANEL)(reading.plan)
app.command(rich_help_panel=LOOK_PANEL)(reading.status)
app.command(rich_help_panel=LOOK_PANEL)(releasing.releases)
app.command(rich_help_panel=LOOK_PANEL)(releasing.diff)
app.command(rich_help_panel=LOOK_PANEL)(reading.history)
app.command(rich_help_panel=LOOK_PANEL)(scaling.why)
app.command(rich_help_panel=LOOK_PANEL)(scaling.replay)
app.command(rich_help_panel=LOOK_PANEL)(scaling.advise)
app.command(rich_help_panel=LOOK_PANEL)(reading.logs)
app.command("exec", rich_help_panel=LOOK_PANEL, context_settings=access.COMMAND_FOLLOWS)(access.exec_)
app.command("open", rich_help_panel=LOOK_PANEL)(access.open_)
app.command(rich_help_panel=LOOK_PANEL)(reading.show)
app.add_typer(secret.app, name="secret", rich_help_panel=INSTALLATION_PANEL)
app.add_typer(server.app, name="server", rich_help_panel=INSTALLATION_PANEL)
app.command(rich_help_panel=INSTALLATION_PANEL)(server.token)
app.command(rich_help_panel=INSTALLATION_PANEL)(demonstrate.schema)


def main() -> None:
    """Run the command that was typed."""
    forbid_core_dumps()
    redact_logs()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot write ✓ shall show a ? and not a traceback
    try:
        app()
    except Exception:  # a bug: its traceback may hold what an app or a library said
        from tasks.base.known_secrets import known_secrets  # noqa: PLC0415

        print(known_secrets.redacted(traceback.format_exc()), end="", file=sys.stderr)
        sys.exit(EXIT_FAILED)
