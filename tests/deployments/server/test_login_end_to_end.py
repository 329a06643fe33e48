"""The control plane's login on the real thing: attacks by an account and a stranger."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.cli.following.prefect_api import login_address
from deployments.server.admission import CHANGES
from deployments.server.control_plane import ControlPlane
from deployments.server.login import USER, login_file, require_login
from docs.authorisation import CALLERS, Operation, operations
from tasks.base.settings import settings
from tests.deployments.installations import program
from tests.deployments.plane import Plane
from tests.support.accounts import account
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.local, pytest.mark.prefect]
AUTOMATION = {
    "name": "made by nobody", "enabled": False, "actions": [{"type": "do-nothing"}],
    "trigger": {"type": "event", "expect": ["nothing"], "posture": "Reactive", "threshold": 1, "within": 0},
}  # fmt: skip


def automations(plane: Plane) -> list[str]:
    return [automation["name"] for automation in plane.post("/automations/filter")]


def test_no_operation_is_done_for_anybody_but_the_owner(here: ControlPlane) -> None:
    """Every operation of the server itself, by every caller that the table refuses."""
    secret = require_login(settings().home).secret
    wrong: list[tuple[Any, ...]] = []
    with httpx.Client(base_url=here.ui_url, timeout=60, trust_env=False) as client:
        for operation in operations():
            for caller, status in refused_by(operation):
                text = caller.text.partition(":")[0] and f"{USER}:{'wrong' if 'wrong' in caller.text else secret}"
                headers = caller.headers | ({"content-type": caller.body_type} if caller.body_type else {})
                auth = httpx.BasicAuth(*text.split(":", 1)) if text else None
                body = b"{}" if operation.method in CHANGES else None
                answer = client.request(operation.method, operation.path, headers=headers, auth=auth, content=body)
                if answer.status_code != status:
                    wrong.append((operation, caller.name, answer.status_code))
    assert wrong == []


def refused_by(operation: Operation) -> Iterator[tuple[Any, int]]:
    """The callers that are refused an operation, and the status that each gets; WebSockets are tried elsewhere."""
    if not operation.method or operation.kind.startswith("a browser's session"):
        return
    for caller in CALLERS:
        if caller.headers:
            yield caller, 403
        elif operation.kind != "open to all" and (not caller.text or "wrong" in caller.text):
            yield caller, 401 if caller.body_type == "application/json" else 415
        elif operation.method in CHANGES and caller.body_type != "application/json":
            yield caller, 415


def test_another_account_gets_nothing(here: ControlPlane, plane: Plane) -> None:
    home = settings().home
    with account() as other:
        url, login = f"{here.api_url}/automations/", str(login_file(home))
        ask = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Content-Type: application/json"]
        assert other.run([*ask, "-d", str(AUTOMATION).replace("'", '"'), url]).stdout == "401"
        assert other.run([*ask, f"{here.api_url}/flows/count", "-d", "{}"]).stdout == "401"
        assert "Permission denied" in other.run(["cat", login]).stderr
        assert "Permission denied" in other.run(["cat", f"/proc/{plane.pid('runner')}/environ"]).stderr
        shown = other.run(["ps", "-eo", "args"]).stdout
        assert "deployments.server" in shown
        assert require_login(home).secret not in shown
    assert "made by nobody" not in automations(plane)


def test_the_login_is_in_its_file_and_nowhere_else_in_the_home(here: ControlPlane, plane: Plane) -> None:
    plane.run("reconcile")
    secret = require_login(settings().home).secret.encode()
    holders = [path for path in settings().home.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert holders == [login_file(settings().home)]


def test_what_a_run_starts_does_not_inherit_the_login(plane: Plane, open_folder: Path) -> None:
    seen = open_folder / "environment"
    web = {"command": ["sh", "-c", f"env >> {seen}; exec sleep 1000"], "before": f"sh -c 'env >> {seen}'"}
    spec = {"name": "curious", "target": {"provider": "local"}, "services": {"web": web}}
    try:
        assert plane.run("provision", spec=spec, source="/")["type"] == "COMPLETED"
        environment = wait_until(lambda: text if (text := seen.read_text()).count("PATH=") == 2 else None, "both began")
        assert "PREFECT" not in environment
        assert require_login(settings().home).secret not in environment
    finally:
        plane.run("teardown", stack="curious", delete_data=True)


@pytest.mark.parametrize("command", ["status", "start"])
def test_a_shell_with_a_token_does_not_restart_the_control_plane(plane: Plane, command: str) -> None:
    before = plane.pid("server"), plane.pid("runner")
    env = {**os.environ, "TENFOLD_API_TOKEN": require_login(settings().home).text, "TENFOLD_SOMETHING": "else"}
    ended = subprocess.run([program, "server", command], env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert (plane.pid("server"), plane.pid("runner")) == before
    state = (settings().home / "control" / "state.json").read_text()
    assert "API_TOKEN" not in state
    assert "TENFOLD_SOMETHING" not in state


def test_a_wrong_token_is_refused_before_it_is_sent(plane: Plane) -> None:
    env = {**os.environ, "TENFOLD_API_TOKEN": "tenfold:wrong"}
    ended = subprocess.run([program, "reconcile"], env=env, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (
        2,
        f"TENFOLD_API_TOKEN is not the token of the installation in {settings().home}. Unset it, or set what this "
        "prints: env -u TENFOLD_API_TOKEN tenfold token\n",
    )


def test_the_address_that_logs_in_holds_no_login(here: ControlPlane) -> None:
    address = login_address(here)
    assert address.startswith(f"{here.ui_url}/tenfold/login#")
    assert require_login(settings().home).secret not in address
