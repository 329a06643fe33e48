"""A control plane for tests, asked over HTTP as anybody would."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import sqlalchemy as sa

from deployments.server.login import USER, require_login
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.ledger.tables import live_runs
from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_until

patience = 300.0
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True)
class Plane:
    """One that runs, and how to ask it."""

    home: Path
    url: str

    @property
    def login(self) -> httpx.BasicAuth:
        """As its owner logs in."""
        return httpx.BasicAuth(USER, require_login(self.home).secret)

    def get(self, path: str) -> Any:
        return self._patiently(lambda: httpx.get(self.url + path, timeout=60, auth=self.login))

    def post(self, path: str, **data: Any) -> Any:
        return self._patiently(lambda: httpx.post(self.url + path, json=data, timeout=60, auth=self.login))

    def submit(self, flow: str, **parameters: Any) -> str:
        deployment = self.get(f"/deployments/name/{flow}/{flow}")["id"]
        asked = {"parameters": parameters, "idempotency_key": str(uuid4())}
        return str(self.post(f"/deployments/{deployment}/create_flow_run", **asked)["id"])

    def run(self, flow: str, **parameters: Any) -> dict[str, Any]:
        """Submit, and wait for its end."""
        return self.ended(self.submit(flow, **parameters))

    def ended(self, run: str) -> dict[str, Any]:
        return self.wait_until(run, *ENDED)

    def wait_until(self, run: str, *states: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            state: dict[str, Any] = self.get(f"/flow_runs/{run}")["state"]
            return state if state["type"] in states else None

        return wait_until(look, f"{run} is {states}")

    def pause(self, flow: str, *, paused: bool) -> None:
        """Have a flow's schedule make no runs, or make them again."""
        deployment = self.get(f"/deployments/name/{flow}/{flow}")["id"]
        path = f"{self.url}/deployments/{deployment}"

        def asked() -> bool:
            try:
                return httpx.patch(path, json={"paused": paused}, timeout=60, auth=self.login).is_success
            except httpx.TransportError:
                return False

        wait_until(asked, f"{flow} is paused: {paused}")

    def runs(self, flow: str, **where: Any) -> list[dict[str, Any]]:
        """The runs of a flow, the newest first."""
        found: list[dict[str, Any]] = self.post(
            "/flow_runs/filter", flows={"name": {"any_": [flow]}}, flow_runs=where, limit=200,
            sort="EXPECTED_START_TIME_DESC",
        )  # fmt: skip
        return found

    def ticks(self, **where: Any) -> list[dict[str, Any]]:
        """The runs that the schedule of reconcile made, the newest first."""
        return [run for run in self.runs("reconcile", **where) if run["auto_scheduled"]]

    def pid(self, name: str) -> int:
        """Of `server` or `runner`, once it runs."""
        supervisor = Supervisor.start(self.home / "control")

        def look() -> int | None:
            status = supervisor.get(name)
            return status.pid if status else None

        return wait_until(look, f"{name} runs")

    @staticmethod
    def _patiently(ask: Callable[[], httpx.Response]) -> Any:
        """Whoever uses an API asks again while it is away."""

        def look() -> Any:
            try:
                answer = ask()
            except httpx.TransportError:
                return None
            return None if answer.status_code >= 500 else [answer.raise_for_status().json()]

        return wait_until(look, "the server answers")[0]


def process_of(run: str) -> int:
    """The process that a flow run runs in, once it has begun to wait for its lock."""
    with Ledger.open(settings()) as ledger:
        wait_until(lambda: ledger.liveness.alive().get(run), f"{run} is alive")
        with ledger._database.read() as connection:
            query = sa.select(live_runs.c.owner).where(live_runs.c.flow_run == run)
            return int(connection.execute(query).scalar_one()["pid"])


def parent(pid: int) -> int:
    """The process that started it."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
