"""The control plane for real: started once, asked, driven over HTTP, and killed piece by piece."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import PrefectClient

from deployments.server.control_plane import ControlPlane, ensure, status, stop
from deployments.server.login import require_login
from deployments.server.reap_runs import reap
from tasks.base.settings import settings
from tasks.ledger import Lease, Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tasks.supervisor.client import Supervisor
from tests.deployments.plane import Plane, patience, process_of
from tests.flows.shop import shop
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import listening, processes_naming

pytestmark = [pytest.mark.local, pytest.mark.prefect]

tick = 10
guide = Path(__file__).parents[3] / "docs" / "guide" / "api.md"
program = Path(sys.executable).with_name("tenfold")
theirs = dict.fromkeys(("tasks.py", "flows.py", "docker.py"), "raise RuntimeError('this is the user\\'s own')\n")


@pytest.fixture(scope="module")
def plane() -> Iterator[Plane]:
    """Started by three commands at once, from a folder with modules of the user's own that hide ours."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-"))
    for name, text in theirs.items():
        (folder / name).write_text(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    told = {
        "TENFOLD_HOME": str(folder / "home"), "TENFOLD_SERVER_PORT": str(port), "TENFOLD_RECONCILE_SECONDS": str(tick),
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as environment:
        for name, value in told.items():
            environment.setenv(name, value)
        environment.setenv("PREFECT_HOME", str(folder / "prefect"))
        starting = [
            subprocess.Popen([program, "server", "start"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            for _ in range(3)
        ]
        try:
            said = [(each.communicate(timeout=300)[0].decode(), each.returncode) for each in starting]
            assert [code for _, code in said] == [0, 0, 0], said
            yield Plane(folder / "home", f"http://127.0.0.1:{port}/api")
        finally:
            stop()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def held(plane: Plane) -> Iterator[Callable[[str], Lease]]:
    """Holds a stack's lock, so that a run that waits for it stays under way."""
    with Ledger.open(settings()) as ledger:
        holds: list[Lease] = []

        def lease(stack: str) -> Lease:
            holds.append(ledger.acquire(stack, Owner.here("test"), 3600))
            return holds[-1]

        yield lease
        for each in holds:
            ledger.release(each)


def test_many_that_start_it_at_once_start_one(plane: Plane) -> None:
    found = ensure()
    assert found == ControlPlane(int(plane.url.rpartition(":")[2].split("/")[0]), "healthy", "healthy")
    assert status() == found
    ours = [Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in processes_naming(str(plane.home))]
    assert sum(words[1:4] == [b"-m", b"deployments.server", b"api"] for words in ours) == 1
    assert sum(words[1:4] == [b"-m", b"deployments.server", b"runner"] for words in ours) == 1


def test_it_listens_on_loopback_only(plane: Plane) -> None:
    ours = set(processes_naming(str(plane.home)))
    found = {where for pid, sockets in listening().items() if pid in ours for where in sockets}
    assert found
    assert {address for address, _ in found} == {"0100007F"}


def test_it_tells_nobody_about_itself(plane: Plane) -> None:
    server = plane.get("/admin/settings")["server"]
    assert server["analytics_enabled"] is False
    assert server["ui"]["show_promotional_content"] is False


def test_every_flow_has_a_form(plane: Plane) -> None:
    found = {one["name"]: one for one in plane.post("/deployments/filter")}
    assert set(found) >= {"provision", "scale", "teardown", "reconcile", "autoscale"}
    for name, one in found.items():
        assert one["description"].strip(), name
        assert one["enforce_parameter_schema"], name
        fields = one["parameter_openapi_schema"]["properties"]
        for field, schema in fields.items():
            assert schema["description"].strip(), f"{name}.{field}"
            assert "type" in schema or "anyOf" in schema, f"{name}.{field}"
    scale = found["scale"]["parameter_openapi_schema"]
    assert {name: field["type"] for name, field in scale["properties"].items()} == {
        "stack": "string", "service": "string", "replicas": "integer", "reason": "string", "wait": "boolean",
    }  # fmt: skip
    assert scale["required"] == ["stack", "service", "replicas"]


def test_a_wrong_parameter_is_refused_at_once(plane: Plane) -> None:
    deployment = plane.get("/deployments/name/scale/scale")["id"]
    wrong = {"parameters": {"stack": "shop", "service": "web", "replicas": "many"}}
    answer = httpx.post(
        f"{plane.url}/deployments/{deployment}/create_flow_run", json=wrong, timeout=60, auth=plane.login
    )
    assert answer.status_code == 409
    assert "'many' is not of type 'integer'" in answer.text


def test_the_schedule_makes_runs_that_complete(plane: Plane) -> None:
    wait_until(lambda: len(plane.ticks(state={"type": {"any_": ["COMPLETED"]}})) >= 2, "two ticks have completed")


def test_runs_work_though_the_users_own_modules_have_our_names(plane: Plane) -> None:
    assert plane.run("provision", spec=shop(), source="/srv")["type"] == "COMPLETED"
    assert len(MemoryProvider(plane.home / "memory").observe("shop")) == 7
    refused = plane.run("provision", spec={**shop(), "servces": {}})
    assert (refused["type"], "services" in refused["message"]) == ("FAILED", True)


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the guide's lines need curl and jq")
def test_the_guides_own_lines_work(plane: Plane) -> None:
    assert plane.run("provision", spec=shop("quickstart"), source="/srv")["type"] == "COMPLETED"
    blocks = re.findall(r"```bash\n(.*?)```", guide.read_text(), re.DOTALL)
    script = "set -eux -o pipefail\n" + "\n".join(blocks).replace("http://127.0.0.1:4200/api", plane.url)
    assert plane.url in script
    # `tenfold token` is found on the path, as a reader's is.
    env = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"}
    said = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, timeout=patience, env=env
    )
    assert said.returncode == 0, said.stderr
    assert '"name": "scale quickstart",\n  "state": "COMPLETED"' in said.stdout, said.stdout
    assert sum(one.kind == "replica" for one in MemoryProvider(plane.home / "memory").observe("quickstart")) == 5


@pytest.mark.parametrize("killed", ["server", "runner", "supervisor"])
def test_after_a_kill_the_next_run_works(plane: Plane, killed: str) -> None:
    pid = Supervisor.start(plane.home / "control").pid() if killed == "supervisor" else plane.pid(killed)
    os.kill(pid, signal.SIGKILL)
    name = f"after-{killed}"
    assert plane.run("provision", spec=shop(name), source="/srv")["type"] == "COMPLETED"
    assert len(MemoryProvider(plane.home / "memory").observe(name)) == 7
    wait_until(lambda: (seen := status()) is not None and seen.ready, "all is well again")


def test_a_run_ends_with_its_runner_and_is_shown_crashed(plane: Plane, held: Callable[[str], Lease]) -> None:
    held("left")
    run = plane.submit("provision", spec=shop("left"), source="/srv", wait=True)
    pid = process_of(run)
    os.kill(plane.pid("runner"), signal.SIGKILL)
    assert plane.ended(run)["type"] == "CRASHED"
    assert not Path(f"/proc/{pid}").exists()


def test_a_killed_run_is_shown_crashed(plane: Plane, held: Callable[[str], Lease]) -> None:
    held("killed")
    run = plane.submit("provision", spec=shop("killed"), source="/srv", wait=True)
    os.kill(process_of(run), signal.SIGKILL)
    assert plane.ended(run)["type"] == "CRASHED"


@pytest.mark.parametrize("too", ["runner", "server", "both"])
def test_a_run_killed_with_what_watches_it_is_shown_crashed(
    plane: Plane, held: Callable[[str], Lease], too: str
) -> None:
    held(f"killed-{too}")
    run = plane.submit("provision", spec=shop(f"killed-{too}"), source="/srv", wait=True)
    victims = [process_of(run), *(plane.pid(name) for name in ("runner", "server") if too in (name, "both"))]
    for pid in victims:
        os.kill(pid, signal.SIGSTOP)  # so that none of them sees another end
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    assert plane.ended(run)["type"] == "CRASHED"


async def test_ticks_that_nobody_ran_in_time_are_swept(plane: Plane) -> None:
    runner = plane.pid("runner")
    os.kill(runner, signal.SIGSTOP)
    try:
        wait_until(lambda: overdue(plane, 3 * tick), "a tick is late")
        late = {run["id"] for run in overdue(plane, 3 * tick)}
        async with PrefectClient(api=plane.url, auth_string=require_login(plane.home).text) as client:
            names = await reap(client, settings(), {})
        assert len(names) >= len(late)
        swept = {run["id"]: run["state"] for run in plane.ticks() if run["id"] in late}
        assert {(state["type"], state["message"]) for state in swept.values()} == {
            ("CANCELLED", "Its time had passed.")
        }
    finally:
        os.kill(runner, signal.SIGCONT)


def test_stopped_it_leaves_no_process_and_stacks_stay(plane: Plane) -> None:
    assert plane.run("provision", spec=shop("stays"), source="/srv")["type"] == "COMPLETED"
    stop()
    stop()
    assert status() is None
    assert processes_naming(str(plane.home)) == []
    assert MemoryProvider(plane.home / "memory").observe("stays")


def overdue(plane: Plane, seconds: float) -> list[dict[str, Any]]:
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))
    return plane.ticks(state={"type": {"any_": ["SCHEDULED"]}}, expected_start_time={"before_": before})
