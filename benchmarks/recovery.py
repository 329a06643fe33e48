"""Everything is killed in turn with SIGKILL: time until it is well again by itself, beside its bare start.

python -m benchmarks.recovery

well again   what was killed answers again (a stack: healthy; the control plane: healthy)
next run     a run submitted at the moment of the kill is completed (the client asks again while the server is away)
bare start   the same program started by hand on the same data, after the same kill
goal         well again within 2 x bare + 2 s
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from benchmarks.by_hand import ByHand
from benchmarks.control_plane import Api, plane
from benchmarks.provision import SPEC_FILE
from deployments.server import control_plane
from infra_specs.desired import desired_from_spec
from infra_specs.stackfile.reading.load import load
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.local.stack_folder import StackFolder
from tasks.stack.record import snapshot_of
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Process
from tests.support.homes import temporary_home

PATIENCE = 120.0


def until(true: Callable[[], bool], began: float) -> float:
    """Seconds from `began` until it is true."""
    while time.perf_counter() - began < PATIENCE:
        if true():
            return time.perf_counter() - began
        time.sleep(0.01)
    raise TimeoutError("it did not come back")


def killed(supervisor: Supervisor, name: str) -> float:
    """Kill a process that a supervisor keeps; seconds until it is healthy again."""
    before = supervisor.get(name)
    assert before is not None
    assert before.pid is not None
    began = time.perf_counter()
    os.kill(before.pid, signal.SIGKILL)

    def well() -> bool:
        now = supervisor.get(name)
        return now is not None and now.state == "healthy" and now.restarts > before.restarts

    return until(well, began)


def bare(process: Process, answers: Callable[[], bool]) -> tuple[float, subprocess.Popen[bytes]]:
    """Seconds that a program needs by hand until it answers, and the program, which runs on.

    As from its supervisor, its descriptor 3 is the socket that it serves on, if it has one.
    """
    began = time.perf_counter()
    with socket.socket() as listener:
        if process.listen:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", process.listen))
            listener.listen()
        running = subprocess.Popen(
            process.argv, env={**process.env, "TENFOLD_LISTEN_FD": "3"}, cwd=process.cwd, start_new_session=True,
            close_fds=False, preexec_fn=lambda: os.dup2(listener.fileno(), 3),  # noqa: PLW1509 - this program has one thread
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    return until(answers, began), running


def bare_services() -> dict[str, float]:
    """By hand: PostgreSQL and Valkey again after a kill."""
    with temporary_home() as home:
        with Ledger.open(settings()) as ledger:
            resources = desired_from_spec(
                snapshot_of(ledger, load(SPEC_FILE.read_text()), str(SPEC_FILE.parent))
            ).resources
        hand = ByHand(home, resources)
        try:
            hand.up()
            return {name: hand.kill_and_start(name) for name in ("database/main#1", "cache/main#1")}
        finally:
            hand.down()


def bare_control(server: Process, runner: Process) -> dict[str, float]:
    """By hand, on the home of a control plane that is down: Prefect's server, and the process that serves."""
    health, ready = f"{server.env['PREFECT_API_URL']}/health", runner.probe.path if runner.probe else ""
    seconds, running = {}, []
    Path(ready).unlink(missing_ok=True)
    try:
        for name, process, answers in (
            ("server", server, lambda: answered(health)),
            ("runner", runner, lambda: accepted(ready)),
        ):
            seconds[name], answer = bare(process, answers)
            running.append(answer)
    finally:
        for answer in running:
            os.killpg(answer.pid, signal.SIGKILL)
            answer.wait()
    return seconds


def bare_supervisor() -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        supervisor = Supervisor.start(Path(folder) / "bare")
        seconds = time.perf_counter() - began
        supervisor.shutdown()
        return seconds


def supervisor_killed(supervisor: Supervisor) -> float:
    before = {status.process.name: status.pid for status in supervisor.list()}
    began = time.perf_counter()
    os.kill(supervisor.pid(), signal.SIGKILL)

    def well() -> bool:
        now = supervisor.list()
        return {status.process.name: status.pid for status in now} == before and all(
            status.state == "healthy" for status in now
        )

    return until(well, began)


def flow_killed(api: Api) -> float:
    """Kill a run of `scale` while it holds the lock; at once well, since nothing of the stack was killed."""
    api.start("scale", {"stack": "quickstart", "service": "web", "replicas": 6})
    with Ledger.open(settings()) as ledger:
        until(lambda: ledger.locks.holder("quickstart") is not None, time.perf_counter())
        holder = ledger.locks.holder("quickstart")
    assert holder is not None
    os.kill(holder.owner.pid, signal.SIGKILL)
    return 0.0


def answered(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.TransportError:
        return False


def accepted(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def measured() -> tuple[float, dict[str, tuple[float, float]], dict[str, float]]:
    """A run with nothing killed; for each that is killed, well again and the next run; bare starts of our own."""
    with plane() as served:
        api, supervisor = Api(served), Supervisor(settings().home / "control")
        data = load(SPEC_FILE.read_text()).model_dump(mode="json", by_alias=True)
        api.wait(api.start("provision", {"spec": data, "source": str(SPEC_FILE.parent)}))
        stack = Supervisor(StackFolder(settings().home, "quickstart").supervisor)

        def then_a_run(kill: Callable[[], float], flow: str = "reconcile", **more: object) -> tuple[float, float]:
            began = time.perf_counter()
            well = kill()
            api.wait(api.start(flow, {"stack": "quickstart", **more}))
            return well, time.perf_counter() - began

        _, normal = then_a_run(lambda: 0.0)
        rows = {
            "database": then_a_run(lambda: killed(stack, "database/main#1")),
            "cache": then_a_run(lambda: killed(stack, "cache/main#1")),
            "supervisor": then_a_run(lambda: supervisor_killed(stack)),
            "runner": then_a_run(lambda: killed(supervisor, "runner")),
            "server": then_a_run(lambda: killed(supervisor, "server")),
            "flow's process": then_a_run(lambda: flow_killed(api), "scale", service="web", replicas=6),
        }
        api.wait(api.start("teardown", {"stack": "quickstart", "delete_data": True}))
        own = {status.process.name: status.process for status in supervisor.list()}
        control_plane.stop()
        return normal, rows, bare_control(own["server"], own["runner"])


def main() -> None:
    floors = bare_services()
    normal, rows, own = measured()
    bares = {
        "database": floors["database/main#1"],
        "cache": floors["cache/main#1"],
        "supervisor": bare_supervisor(),
        "flow's process": normal,
        **own,
    }
    print(f"a run with nothing killed, from submitted to completed: {normal:.2f} s")
    print("killed          bare start s  well again s  goal s   next run s")
    for name, (well, run) in rows.items():
        goal = 2 * bares[name] + 2
        judged = run if name == "flow's process" else well
        met = "met" if judged <= goal else "MISSED"
        print(f"{name:15} {bares[name]:12.2f} {well:13.2f} {goal:7.2f} {run:12.2f}  {met}")


if __name__ == "__main__":
    main()
