"""What Prefect adds: from submitted to running, a run's own length, and a run that changes nothing; over the API.

python -m benchmarks.control_plane [ROUNDS]
"""

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx

from deployments.server import control_plane
from deployments.server.control_plane import ControlPlane
from deployments.server.login import USER, require_login
from infra_specs.stackfile.reading.load import load
from tasks.base.settings import settings
from tests.support.homes import temporary_home

SPEC = """
name: measured
target: {provider: memory}
services: {web: {command: run, port: 80, replicas: {min: 3, max: 10}}}
needs: {database: postgres, cache: valkey}
"""


class Api:
    """The few calls that a client needs; the same as in the guide."""

    def __init__(self, plane: ControlPlane) -> None:
        login = require_login(settings().home)
        self.http = httpx.Client(base_url=plane.api_url, timeout=30, auth=(USER, login.secret), trust_env=False)

    def start(self, flow: str, parameters: dict[str, Any]) -> str:
        deployment = self.http.get(f"/deployments/name/{flow}/{flow}").raise_for_status().json()["id"]
        asked = {"parameters": parameters, "idempotency_key": str(uuid4())}
        while True:
            answer = self.http.post(f"/deployments/{deployment}/create_flow_run", json=asked)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:  # its database was busy: it asks to try again
                return str(answer.raise_for_status().json()["id"])
            time.sleep(0.2)

    def state(self, run: str) -> str:
        return str(self.http.get(f"/flow_runs/{run}").raise_for_status().json()["state"]["type"])

    def wait(self, run: str, *states: str) -> None:
        until = time.monotonic() + 120
        while (state := self.state(run)) not in (states or ("COMPLETED",)):
            if state in ("FAILED", "CRASHED", "CANCELLED") or time.monotonic() > until:
                raise RuntimeError(f"run {run} is {state}")
            time.sleep(0.02)

    def phases(self, run: str) -> tuple[float, float]:
        """Seconds from submitted to running, and from running to completed, by the server's own clock."""
        states = self.http.get("/flow_run_states/", params={"flow_run_id": run}).raise_for_status().json()
        at = {state["type"]: datetime.fromisoformat(state["timestamp"]) for state in states}
        return (at["RUNNING"] - at["SCHEDULED"]).total_seconds(), (at["COMPLETED"] - at["RUNNING"]).total_seconds()


@contextmanager
def plane() -> Iterator[ControlPlane]:
    """A control plane on a home of its own, stopped at the end."""
    with temporary_home():
        try:
            yield control_plane.ensure()
        finally:
            control_plane.stop()


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    began = time.perf_counter()
    with plane() as served:
        print(f"control plane, first start: {time.perf_counter() - began:.1f} s")
        api, rows = Api(served), []
        data = load(SPEC).model_dump(mode="json", by_alias=True)
        for number in range(rounds + 1):
            run = api.start("provision", {"spec": data})
            api.wait(run)
            rows.append(api.phases(run))
            print(
                f"{number or 'first'}: submitted to running {rows[-1][0]:.2f} s, the run {rows[-1][1]:.2f} s",
                flush=True,
            )
        start, length = (statistics.median(row[i] for row in rows[1:]) for i in (0, 1))
        print(f"median with nothing to do: submitted to running {start:.2f} s, the run {length:.2f} s")
        api.wait(api.start("teardown", {"stack": "measured", "delete_data": True}))


if __name__ == "__main__":
    main()
