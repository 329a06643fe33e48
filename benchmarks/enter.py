"""What a person waits for after Enter, and what bare Prefect takes for the same.

python -m benchmarks.enter [ROUNDS]

starts     from Enter until runs are taken, on an empty home and again; bare Prefect until /api/health answers
commands   --help, status, plan: seconds, and a processor's seconds, which others on the machine hardly change
running    from create_flow_run to Running by the server's clock; bare `serve` with a poll each second
changes    of a stack on the local target: to the first sign on a terminal, to the first change, and to the end
"""

import compileall
import os
import pty
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import httpx

from benchmarks.login import bare
from deployments.server import control_plane
from deployments.server.environment import HOST, environment
from deployments.server.login import USER, require_login
from deployments.server.program import FLOORS, ROOT
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tests.support.homes import running_home

TENFOLD = str(Path(sys.executable).with_name("tenfold"))
STACK = """
name: waited
target: {provider: local}
services:
  web: {command: "sh -c 'exec python -m http.server $PORT'", port: 8000, health: /, replicas: {min: 3, max: 10}}
"""
SERVED = """
from prefect import flow

@flow
async def empty() -> None:
    pass

if __name__ == "__main__":
    empty.serve("empty", pause_on_shutdown=False)
"""
LONGEST_SECONDS = 120.0


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def tenfold(*words: str) -> None:
    """Run a command to its end, as from a script."""
    subprocess.run([TENFOLD, *words], check=True, stdout=subprocess.DEVNULL)


def processor_seconds(work: Callable[[], object]) -> float:
    """A processor's seconds of the children that end while it works."""
    began = _spent()
    work()
    return _spent() - began


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compiled() -> None:
    """Have the code compiled, as it is once it is installed."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for floor in FLOORS:
        compileall.compile_dir(ROOT / floor, quiet=1)


def first_sign(*words: str) -> float:
    """Seconds to the first byte on a terminal. The command goes on to its end."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    process = subprocess.Popen([TENFOLD, *words], stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.read(ours, 1)
    took = time.perf_counter() - began
    try:
        while os.read(ours, 1 << 16):
            pass
    except OSError:  # Linux says so where the other end is closed
        pass
    process.wait()
    os.close(ours)
    return took


def change(*words: str) -> tuple[float, float]:
    """Seconds to the first change of a run, and to the end of the command."""
    began = time.time()
    took = seconds(lambda: tenfold(*words))
    with Ledger.open(settings()) as ledger:
        changes = ledger.runs.history("waited", 1)[0].changes
    return min(change.began for change in changes) - began, took


def to_running(http: httpx.Client, flow: str, **parameters: object) -> float:
    """Seconds from a run's creation to Running, by the server's clock; the run has ended when this returns."""
    deployment = http.get(f"/deployments/name/{flow}/{flow}").raise_for_status().json()["id"]
    asked = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
    until = time.monotonic() + LONGEST_SECONDS
    while (
        answer := http.post(f"/deployments/{deployment}/create_flow_run", json=asked)
    ).status_code == httpx.codes.SERVICE_UNAVAILABLE and time.monotonic() < until:
        time.sleep(0.2)  # its database was busy: it asks to try again
    run = answer.raise_for_status().json()["id"]
    while time.monotonic() < until:
        states = http.get("/flow_run_states/", params={"flow_run_id": run}).raise_for_status().json()
        at = {state["type"]: datetime.fromisoformat(state["timestamp"]) for state in states}
        if "COMPLETED" in at:
            return (at["RUNNING"] - at["SCHEDULED"]).total_seconds()
        time.sleep(0.05)
    raise RuntimeError(f"run {run} does not end")


@contextmanager
def bare_serve(home: Path, port: int) -> Iterator[httpx.Client]:
    """Prefect's own `serve` beside a bare server."""
    file = home / "served.py"
    file.write_text(SERVED)
    env = {**os.environ, **environment(home, port)}
    silent = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, str(file)], env=env, stdout=silent, stderr=silent)
    try:
        with httpx.Client(base_url=f"http://{HOST}:{port}/api", timeout=30, trust_env=False) as http:
            until = time.monotonic() + LONGEST_SECONDS
            while not http.get("/deployments/name/empty/empty").is_success and time.monotonic() < until:
                time.sleep(0.1)
            yield http
    finally:
        process.terminate()
        process.wait()


def show(what: str, values: list[float], beside: list[float] | None = None) -> None:
    """One line of the table, with medians."""
    ours = statistics.median(values)
    theirs = (
        f"   bare Prefect {statistics.median(beside):.2f} s, {ours / statistics.median(beside):.2f} x" if beside else ""
    )
    print(f"{what:45}{ours:6.2f} s{theirs}", flush=True)


def measure_bare(rounds: int) -> tuple[float, float, list[float]]:
    """Of bare Prefect: the first start, the next one, and from created to running."""
    with tempfile.TemporaryDirectory() as folder:
        starts = []
        for _ in range(2):
            began = time.perf_counter()
            with bare(Path(folder)) as port:
                starts.append(time.perf_counter() - began)
                if len(starts) == 2:
                    with bare_serve(Path(folder), port) as http:
                        running = [to_running(http, "empty") for _ in range(rounds + 1)][1:]
    return starts[0], starts[1], running


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    compiled()
    bare_first, bare_warm, bare_running = measure_bare(rounds)
    with running_home() as home, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "stack.yaml"
        file.write_text(STACK)
        try:
            show("first start", [seconds(lambda: tenfold("server", "start"))], [bare_first])
            tenfold("server", "stop")
            show("warm start", [seconds(lambda: tenfold("server", "start"))], [bare_warm])
            measure_changes(rounds, str(file))
            login = require_login(home)
            plane = control_plane.ensure()
            with httpx.Client(base_url=plane.api_url, timeout=30, auth=(USER, login.secret), trust_env=False) as http:
                running = [to_running(http, "provision", stack="waited") for _ in range(rounds)]
            show("from create_flow_run to Running", running, bare_running)
            for words in (["--help"], ["status"], ["plan", str(file)]):
                measure_command(rounds, words)
            first, took = change("teardown", "waited")
            show("teardown, to the first change", [first])
            show("teardown, in all", [took])
        finally:
            control_plane.stop()


def measure_command(rounds: int, words: list[str]) -> None:
    """A command that reads."""
    show(words[0], [seconds(lambda: tenfold(*words)) for _ in range(rounds)])
    show(f"{words[0]}, of a processor", [processor_seconds(lambda: tenfold(*words)) for _ in range(rounds)])


def measure_changes(rounds: int, file: str) -> None:
    """Provision a stack and change it."""
    first, took = change("provision", file)
    show("provision, to the first change", [first])
    show("provision, in all", [took])
    scaled = [change("scale", "waited", "web", str(4 + number % 2)) for number in range(rounds)]
    show("scale by one, to the first change", [first for first, _ in scaled])
    show("scale by one, in all", [took for _, took in scaled])
    deployed = [change("deploy", "waited", "--env", f"ROUND={number}") for number in range(max(1, rounds // 2))]
    show("deploy, to the first change", [first for first, _ in deployed])
    show("deploy, in all", [took for _, took in deployed])
    show("scale, to the first sign", [first_sign("scale", "waited", "web", str(4 + number % 2)) for number in range(3)])


if __name__ == "__main__":
    main()
