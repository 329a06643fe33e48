"""A process of the control plane: `python -m deployments.server api`, or `runner SOCKET`.

It reads the login from its file: its environment lies in its supervisor's records.
"""
# ruff: noqa: PLC0415 - Prefect reads its settings when it is imported, so the login must be there before

import asyncio
import os
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from deployments.server.login import require_login
from deployments.server.prepared_database import is_as_prepared, prepare
from deployments.server.quiet_imports import leave_out_checks, leave_out_command_line
from tasks.base.homes import prefect_home
from tasks.base.settings import settings

AS_PREPARED = {
    "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
    "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
}
"""For a database that has all of this: to look costs a second of each start, and memory for as long as it runs."""


def main(name: str, *arguments: str) -> None:
    """Run one of the two, logged in, until it is told to end."""
    os.umask(0o077)  # Prefect's database, say, is the owner's alone
    login = require_login(settings().home)
    leave_out_command_line()
    if name == "api":
        leave_out_checks()
        os.environ["PREFECT_SERVER_API_AUTH_STRING"] = login.text
        os.environ.update(_database())
        from deployments.server.api import serve as serve_api

        serve_api()
    else:
        os.environ["PREFECT_API_AUTH_STRING"] = login.text
        from deployments.server.run_template import fork_template
        from deployments.server.serve import serve as serve_flows

        template = fork_template()  # before there is a thread or an event loop
        asyncio.run(serve_flows(Path(arguments[0]), template))


def _database() -> Mapping[str, str]:
    """Settings of a server whose database is there: it is made once, and looked through once for a version."""
    folder, prefect = prefect_home(settings().home), version("prefect")
    prepare(folder, prefect)
    return AS_PREPARED if is_as_prepared(folder, prefect) else {}


if __name__ == "__main__":
    main(*sys.argv[1:])
