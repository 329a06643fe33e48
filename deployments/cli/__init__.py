"""The command line. A verb that changes a stack submits a flow run and follows it; a verb that reads needs no server.

A verb imports what it needs when it is called: `tenfold --help` does not load SQLAlchemy, and no verb loads Prefect.
"""

import gc
import io
import os
import sys
import traceback

import deployments.cli.verbs  # noqa: F401 - registers them
from deployments.cli.app import EXIT_FAILED, app
from deployments.server.quiet_imports import leave_out_command_line
from tasks.base.core_dumps import forbid as forbid_core_dumps
from tasks.base.homes import keep_prefect_below_home
from tasks.run.redacted_logs import redact_logs

GARBAGE = 100_000
"""New objects between two collections: a command loads more of them than Python expects, and few are garbage."""


def main() -> None:
    """Run the command that was typed."""
    gc.set_threshold(GARBAGE)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look into every package that is installed
    leave_out_command_line()
    forbid_core_dumps()
    keep_prefect_below_home()
    redact_logs()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot write ✓ shows ? instead
    try:
        app()
    except Exception:  # a bug: its traceback may contain a secret
        from tasks.base.known_secrets import known_secrets  # noqa: PLC0415

        print(known_secrets.shown(traceback.format_exc()), end="", file=sys.stderr)
        sys.exit(EXIT_FAILED)
    finally:
        gc.disable()
        gc.freeze()  # an interpreter that ends looks through all objects several times: a quarter of a short command
