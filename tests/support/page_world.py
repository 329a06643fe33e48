"""A ledger with stacks that have run for months, and the status page of it on a port of loopback, without Prefect."""

import math
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import uvicorn

from deployments.server.front_door import FrontDoor, Receive, Scope, Send
from deployments.server.login import Login
from deployments.server.page.app import page_app
from infra_specs.desired import manifest_of_file
from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.stackfile.reading.load import from_data
from tasks.base.clock import now
from tasks.base.settings import Settings
from tasks.ledger import Check, CheckResult, Ledger, Owner
from tasks.ledger.database import Database
from tasks.ledger.measurements import period_of
from tasks.ledger.tables import hours, measurements
from tasks.stack.record import snapshot_of
from tests.support.waiting import wait_until

LOGIN = Login("p" * 43)
SERVICES = ("web", "api")
DAY = 86_400


def spec(name: str, **changed: Any) -> dict[str, Any]:
    """The spec of a stack with two services, a database and a debt."""
    debt = {"what": "one zone", "why": "a launch", "expires": "2026-01-31", "plan": "a second", "impact": "an outage"}
    services = {
        "web": {"command": "run", "port": 8000, "capacity": 4, "scaling": {"latency": 0.4}},
        "api": {"command": "run", "port": 8001, "capacity": 4, "share": 0.5, "route": {"path": "/api"}},
    }
    return {
        "name": name,
        "target": {"provider": "memory", "price_per_replica": 7.5},
        "services": services,
        "needs": {"database": "postgres", "cache": "valkey"},
        "users": {"monthly": 200_000},
        "budget": 100,
        "debts": [debt],
        **changed,
    }


def add_stack(ledger: Ledger, name: str, *, text: str = "a new picture", releases: int = 3, **changed: Any) -> None:
    """A stack with runs and releases; `text` is what people and apps wrote everywhere."""
    data = spec(name, **changed)
    owner = Owner.here("provision", "run-1")
    lease = ledger.locks.acquire(name, owner, 60)
    ledger.stacks.set_desired(lease, name, data, "/srv")
    for number in range(1, releases + 1):
        run = ledger.runs.begin(lease, "deploy", f"release {number}: {text}", {})
        env = {"web": {**data["services"]["web"], "env": {"RELEASE": str(number)}}}
        released = from_data({**data, "services": {**data["services"], **env}}, name)
        manifest = manifest_of_file(snapshot_of(ledger, released, "/srv"))
        release = ledger.releases.begin(lease, "deploy", text, content=manifest, file=manifest)
        ledger.releases.prove(lease, release.number)
        ledger.runs.finish(lease, run, "done", text)
    ledger.locks.release(lease)


def add_measurements(ledger: Ledger, database: Database, names: list[str], days: int, fine_days: int) -> None:
    """Hours of so many days, five minutes of `fine_days`, and a check of this moment."""
    moment = now()
    with database.write() as connection:
        for table, step, span in ((hours, 3600, days), (measurements, 300, fine_days)):
            begin = period_of(moment - span * DAY) // step * step
            for at in range(begin, int(moment), step):
                rows = [_row(at, name, service, days) for name in names for service in SERVICES]
                connection.execute(sa.insert(table).prefix_with("OR REPLACE"), rows)
    lease = ledger.checks.acquire(Owner.here("autoscale"), 60)
    results = [_result(name, service, moment) for name in names for service in SERVICES]
    ledger.checks.record(lease, Check(moment - 5, 0.2, len(results), "looked"), results)


def _row(at: int, stack: str, service: str, days: int) -> dict[str, Any]:
    part = math.sin(at / DAY * 2 * math.pi) * 0.4 + 0.6
    demand = part * (6 + 10 * (at % (days * DAY)) / (days * DAY))
    values = {"requests_per_second": demand * 5, "in_flight": demand, "latency": 0.1 + 0.2 * part}
    most = {f"most_{name}": value * 1.2 for name, value in values.items()}
    return {"period": at, "stack": stack, "service": service, "seconds": 300.0, "serving": 3.0, **values, **most}


def _result(stack: str, service: str, moment: float) -> CheckResult:
    measured = Measurement(moment - 5, 15.0, 41.7, 8.4, 0.125, 3)
    inputs = ScalingInput(service, moment, measured, 3, 3, 0, mode="act")
    reason = f"{service}: 3 to 3 replicas: 8.4 in flight are right for 3"
    decision = Decision(service, moment, 3, 3, reason, (), inputs)
    return CheckResult(stack, service, measured, {}, decision, AutoscalerState())


@dataclass(frozen=True)
class ServedPage:
    """The page of an installation, served in this process."""

    url: str
    here: Settings

    @property
    def header(self) -> dict[str, str]:
        return {"Authorization": LOGIN.header}


@contextmanager
def served_page(home: Path) -> Iterator[ServedPage]:
    """Serve the page of the installation in `home` behind the front door, until the block ends."""
    here = Settings(home=home)
    with socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    ) as listening:  # so none waits for packets
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        door = FrontDoor(_nothing_here, page_app(here), LOGIN, ())
        server = uvicorn.Server(uvicorn.Config(door, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            wait_until(lambda: server.started, "the page is not served")
            yield ServedPage(f"http://127.0.0.1:{port}", here)
        finally:
            server.should_exit = True
            thread.join(60)


async def _nothing_here(_: Scope, __: Receive, send: Send) -> None:
    """In place of Prefect's server."""
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})
