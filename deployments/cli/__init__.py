"""The command line. Verbs that change are flow runs, submitted and followed; verbs that read need no server.

What a command imports it imports when it is called: `tenfold --help` loads neither SQLAlchemy nor Prefect.
"""

import io
import sys
import traceback

from deployments.cli.app import app, failed
from deployments.cli.verbs import access, changing, demonstrate, reading, releasing, scaling, secret, server
from tasks.base.core_dumps import forbid as forbid_core_dumps
from tasks.run.redacted_logs import redact_logs

change, look = "Change a stack", "Look at a stack"
begin, machine = "Begin", "This installation"

app.command(rich_help_panel=begin)(demonstrate.demo)
app.command(rich_help_panel=change)(changing.provision)
app.command(rich_help_panel=change)(releasing.deploy)
app.command(rich_help_panel=change)(releasing.rollback)
app.command(rich_help_panel=change)(changing.scale)
app.command(rich_help_panel=change)(changing.teardown)
app.command(rich_help_panel=change)(changing.reconcile)
app.command(rich_help_panel=change)(changing.autoscale)
app.command(rich_help_panel=change)(scaling.grow)
app.command(rich_help_panel=change, context_settings=access.words_follow)(access.run)
app.command(rich_help_panel=look)(reading.plan)
app.command(rich_help_panel=look)(reading.status)
app.command(rich_help_panel=look)(releasing.releases)
app.command(rich_help_panel=look)(releasing.diff)
app.command(rich_help_panel=look)(reading.history)
app.command(rich_help_panel=look)(scaling.why)
app.command(rich_help_panel=look)(scaling.replay)
app.command(rich_help_panel=look)(scaling.advise)
app.command(rich_help_panel=look)(reading.logs)
app.command("exec", rich_help_panel=look, context_settings=access.words_follow)(access.exec_)
app.command("open", rich_help_panel=look)(access.open_)
app.command(rich_help_panel=look)(reading.show)
app.add_typer(secret.app, name="secret", rich_help_panel=machine)
app.add_typer(server.app, name="server", rich_help_panel=machine)
app.command(rich_help_panel=machine)(server.token)
app.command(rich_help_panel=machine)(demonstrate.schema)


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
        from tasks.base.known_secrets import known  # noqa: PLC0415

        print(known.redacted(traceback.format_exc()), end="", file=sys.stderr)
        sys.exit(failed)
