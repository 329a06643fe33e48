"""The control plane's login when it is lost, read by others, or not there yet; and who may have its port."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from deployments.server import control_plane
from deployments.server.login import USER, login_file, require_login
from tasks.base.settings import settings
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Process
from tests.deployments.installations import program
from tests.deployments.plane import Plane

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]


def test_the_port_stays_ours_while_the_server_starts_again(fragile: Plane) -> None:
    os.kill(fragile.pid("server"), signal.SIGKILL)
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            thief.bind(("127.0.0.1", port_of(fragile)))
    assert fragile.run("reconcile")["type"] == "COMPLETED"


def test_a_login_that_is_gone_is_made_anew_and_it_is_said_what_to_do(fragile: Plane) -> None:
    path = login_file(settings().home)
    old = require_login(settings().home)
    path.unlink()
    plane_now = control_plane.ensure()
    assert plane_now.news == (
        f"Its login was gone and is made anew, in {path}. A browser logs in with: tenfold server open. A program sends "
        "what this prints: tenfold token",
    )
    assert plane_now.port == port_of(fragile)
    assert require_login(settings().home) != old
    assert httpx.get(f"{fragile.url}/flows", auth=(USER, old.secret)).status_code == 401
    assert fragile.run("reconcile")["type"] == "COMPLETED"
    assert control_plane.ensure().news == ()


def test_a_login_that_others_can_read_stops_every_verb(fragile: Plane) -> None:
    path = login_file(settings().home)
    path.chmod(0o644)
    try:
        ended = subprocess.run([program, "server", "open"], capture_output=True, text=True, check=False)
    finally:
        path.chmod(0o600)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.endswith(
        f"The control plane's login {path} can be read by other accounts (mode 0644), so they may know it. Remove it; "
        f"the next start makes a new one: rm {path} && tenfold server start\n"
    )


def test_an_installation_without_a_login_gets_one_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TENFOLD_SERVER_PORT", "4650")
    supervisor = Supervisor.start(tmp_path / "home" / "control")
    for name in ("server", "runner"):  # as an earlier version left them, to their supervisor
        supervisor.put(Process(name, ("sleep", "1000"), labels={"port": 4650}))
    try:
        plane = control_plane.ensure()
        assert plane.ready
        assert plane.news == (
            f"The control plane has a login from now on, in {tmp_path}/home/control/login. A browser logs in with: "
            "tenfold server open. A program sends what this prints: tenfold token",
        )
    finally:
        control_plane.stop()


def port_of(plane: Plane) -> int:
    return httpx.URL(plane.url).port or 0
