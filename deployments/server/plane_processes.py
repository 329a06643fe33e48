"""The two processes of the control plane: how each is started, asked, and what it is told."""

import os
import sys
from pathlib import Path

from deployments.server.environment import environment
from deployments.server.login import Login
from deployments.server.program import program_digest
from tasks.base.settings import PREFIX, Settings
from tasks.supervisor.process import Probe, Process, Status

SERVER, RUNNER = "server", "runner"
READY_SECONDS = 180.0
"""How long the first start may take: a new database is migrated, on a machine that may be busy."""
PATIENCE_SECONDS = 10.0
"""How long one of the two may be silent that hangs; three probes of 3 s, 1 s apart, must have gone unanswered."""
PASSED_ON = (
    *("HOME", "LANG", "LC_ALL", "PATH", "TZ", "USER", "LOGNAME", "SSL_CERT_FILE"),
    # Names and files only. Keys and tokens would lie in the supervisor's records, and expire there.
    *("AWS_PROFILE", "AWS_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "SSH_AUTH_SOCK"),
    *("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_CONFIG"),
)
NOT_PASSED_ON = {"TENFOLD_API_TOKEN"}
"""Who starts the control plane shows it; its processes read the login from its file."""


def control_folder(here: Settings) -> Path:
    """Where the supervisor of both works, with their logs."""
    return here.home / "control"


def server_process(here: Settings, login: Login, port: int) -> Process:
    """Serves on a socket that its supervisor bound, so that no other program gets the port while it starts again."""
    return Process(
        SERVER,
        (sys.executable, "-m", "deployments.server", "api"),
        _environment(here, login, port),
        str(control_folder(here) / "work"),
        log=str(control_folder(here) / "server.log"),
        listen=port,
        probe=Probe("http", port, "/api/health", timeout=3.0, start_seconds=READY_SECONDS, patience=PATIENCE_SECONDS),
        stop_group=True,
        labels={"port": port, "program": program_digest()},
    )


def runner_process(here: Settings, login: Login, port: int) -> Process:
    """Takes the runs of our flows. Its socket is there from the moment it takes them."""
    ready = control_folder(here) / "runner.sock"
    return Process(
        RUNNER,
        (sys.executable, "-m", "deployments.server", "runner", str(ready)),
        _environment(here, login, port),
        str(control_folder(here) / "work"),
        log=str(control_folder(here) / "runner.log"),
        probe=Probe("socket", path=str(ready), timeout=3.0, start_seconds=READY_SECONDS, patience=PATIENCE_SECONDS),
        restarts=100,
        labels={"port": port, "program": program_digest()},
    )


def _environment(here: Settings, login: Login, port: int) -> dict[str, str]:
    """What both get. Both run in an empty folder: a user's own `tasks.py` in theirs would hide ours.

    It lies in the supervisor's records, so it has no login, but says which: another login is another process.
    """
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} - NOT_PASSED_ON
    ours = {name: value for name, value in os.environ.items() if name in known or name in PASSED_ON}
    return {
        **ours,
        **environment(here.home, port),
        "TENFOLD_HOME": str(here.home),
        "TENFOLD_LOGIN_VERSION": login.version,
        # Prefect's runner keeps its things in one folder below this: in /tmp that would be the first user's alone.
        "TMPDIR": str(control_folder(here) / "tmp"),
    }


def port_of(status: Status) -> int:
    """The port of the server that one of the two belongs to."""
    return int(status.process.labels["port"])


def program_of(status: Status) -> str:
    """The program that started it; empty for one of a version that did not say."""
    return str(status.process.labels.get("program", ""))
