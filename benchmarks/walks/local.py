"""A walk on the local target: runs that a control plane is asked for, and real processes.

What a provision changes here cannot be put back. So a plan must be possible after each step, and what a provision left
is looked at after those of the walk, and after one at its end.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.control_plane import Api, plane
from benchmarks.simulate.target import Violation
from benchmarks.walks.properties import Failure, wrong_after_provision
from benchmarks.walks.steps import STACK, FileData, Step, spec_of, steps_of
from deployments.cli.installation import Installation, open_installation
from infra_specs.errors import TenfoldError
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.stackfile.reading.load import from_data
from tasks.base.clock import now
from tasks.base.poll import wait_until
from tasks.changes.health_reasons import observed
from tasks.run.tags import REJECTED
from tasks.stack.preflight import Prepared, Preview, prepare
from tasks.stack.record import snapshot_of

PROGRAM = """
import http.server, os, time
if "PORT" in os.environ:
    address = ("127.0.0.1", int(os.environ["PORT"]))
    http.server.ThreadingHTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
time.sleep(1e9)
"""
"""What all services run: one without a route has no port, and only lives."""
LAST_STATES = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
RUN_SECONDS = 300.0
SETTLED_SECONDS = 60.0
"""Until what failed since has been repaired: a plan of the same file is then empty."""


class LocalWalks:
    """Walks one after another on one control plane, each ended by a teardown with its data."""

    def __init__(self, api: Api, folder: Path) -> None:
        """`folder`: of the app that all services run."""
        self._api, self._folder = api, folder

    def walk(self, seed: int) -> Failure | None:
        """Run the walk of a seed. Returns what was wrong, or None. What it needs, PostgreSQL and Valkey, is real."""
        steps, told = steps_of(seed), list[str]()
        try:
            for step in steps:
                told.append(str(step))
                told[-1] += f" -> {self._take(step)}"
                self._plan(step.file)
            self._provision(steps[-1].file)
        except Violation as violation:
            return Failure(seed, str(violation), tuple(told))
        finally:
            self._run("teardown", {"stack": STACK, "delete_data": True})
        return None

    def _take(self, step: Step) -> str:
        if step.verb == "edit":
            return "saved"
        if step.verb == "provision":
            return self._provision(step.file)
        parameters = {"stack": STACK, **step.parameters}
        ended = self._run(step.verb, parameters)
        if ended["state"]["type"] == "COMPLETED":
            return str(ended["state"]["message"])
        if ended["state"]["type"] == "FAILED" and REJECTED in ended["tags"]:
            return f"refused: {ended['state']['message']}"
        raise Violation(f"{step} is {ended['state']['type']}: {ended['state']['message']}")

    def _provision(self, file: FileData) -> str:
        """Provision the file, which leaves what its plan said, and nothing to do."""
        expected, _ = self._plan(file)
        ended = self._run("provision", {"spec": self._spec(file), "source": str(self._folder)})
        if ended["state"]["type"] != "COMPLETED":
            raise Violation(f"provision of the file is {ended['state']['type']}: {ended['state']['message']}")
        again, rest = wait_until(lambda: self._plan(file), lambda planned: planned[1].empty, SETTLED_SECONDS)
        wrong = wrong_after_provision(expected, again)
        if not rest.empty:
            wrong.append(f"after the provision the plan is still {rest.summary}")
        if wrong:
            raise Violation("\n  ".join(wrong))
        return str(ended["state"]["message"])

    def _plan(self, file: FileData) -> tuple[Prepared, Plan]:
        stack = from_data(self._spec(file), "the walk's file")
        with open_installation() as installation:
            try:
                return _planned(installation, stack, str(self._folder))
            except TenfoldError as refusal:
                raise Violation(f"no plan of the file: {refusal}") from refusal

    def _spec(self, file: FileData) -> dict[str, Any]:
        return spec_of(file, {"provider": "local"}, "python app.py")

    def _run(self, flow: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """A run of the flow, as the API shows it once it has ended."""
        number, began = self._api.start(flow, {} if flow == "reconcile" else parameters), time.monotonic()
        while True:
            run: dict[str, Any] = self._api.http.get(f"/flow_runs/{number}").raise_for_status().json()
            if run["state"]["type"] in LAST_STATES or time.monotonic() - began > RUN_SECONDS:
                return run
            time.sleep(0.1)


def _planned(installation: Installation, stack: Any, source: str) -> tuple[Prepared, Plan]:
    snapshot = snapshot_of(installation.ledger, stack, source)
    with installation.target(stack) as target:
        prepared = asyncio.run(prepare(Preview(installation.ledger, target), snapshot))
        instances = observed(target, installation.ledger, STACK)
    return prepared, make_plan(STACK, prepared.desired.resources, instances, moment=now())


@contextmanager
def local_walks() -> Iterator[LocalWalks]:
    """A control plane of its own for the walks, and a folder with the app; both are gone at the end."""
    with TemporaryDirectory(prefix="tenfold-walks-") as name, plane() as served:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "app.py").write_text(PROGRAM)
        (folder / "healthz").touch()  # a file of the folder is an answer
        yield LocalWalks(Api(served), folder)
