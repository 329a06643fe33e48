"""What ten thousand runs in the history cost: the same questions before and after they are there, and the ratio.

python -m benchmarks.many_runs [RUNS]

The runs are copies of a real one in Prefect's database (states, tasks, log, events), a minute apart, and as many are
in the ledger. Asked is what the UI asks for its lists and for a run's page, what commands read, and how soon a run
begins and ends.
"""

import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.control_plane import Api, plane
from infra_specs.stackfile.reading.load import load
from tasks.base.homes import prefect_home
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner

RUNS = 10_000
ROUNDS = 7
WORST_RATIO = 1.2
"""What is called not slower: two rows of medians of one thing differ by so much."""
SPEC = "{name: many, target: {provider: memory}, services: {web: {command: run, port: 80, replicas: 2}}}"
TENFOLD = str(Path(sys.executable).with_name("tenfold"))
MOMENTS = frozenset({
    "created", "updated", "timestamp", "start_time", "end_time", "expected_start_time", "state_timestamp", "occurred",
    "received", "recorded",
})  # fmt: skip
OF_RUN: Mapping[str, str] = {
    "flow_run": "id = :run",
    "flow_run_state": "flow_run_id = :run",
    "task_run": "flow_run_id = :run",
    "task_run_state": "task_run_id IN (SELECT id FROM task_run WHERE flow_run_id = :run)",
    "log": "flow_run_id = :run",
    "events": "resource_id = 'prefect.flow-run.' || :run",
    "event_resources": "event_id IN (SELECT id FROM events WHERE resource_id = 'prefect.flow-run.' || :run)",
}
"""The rows of a run, by table."""
Row = dict[str, Any]


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with plane() as served:
        api = Api(served)
        data = load(SPEC).model_dump(mode="json", by_alias=True)
        run = api.start("provision", {"spec": data})
        api.wait(run)
        time.sleep(10)  # its tasks and events are written a little later
        questions = _questions(api, run)
        before = {name: _seconds(ask) for name, ask in questions.items()}
        _fill_prefect(prefect_home(settings().home) / "prefect.db", run, count)
        _fill_ledger(count)
        after = {name: _seconds(ask) for name, ask in questions.items()}
        print(f"{'seconds, medians of ' + str(ROUNDS):32}  before  {count:6} runs  ratio")
        for name in questions:
            ratio = after[name] / before[name]
            slower = "  slower" if ratio > WORST_RATIO else ""
            print(f"{name:32}  {before[name]:6.3f}  {after[name]:11.3f}  {ratio:5.2f}{slower}", flush=True)


def _questions(api: Api, run: str) -> dict[str, Callable[[], object]]:
    """What is asked, by the name of its row."""
    deployments = {"deployments": {"tags": {"all_": ["tenfold"]}}}

    def post(path: str, **body: Any) -> Callable[[], object]:
        return lambda: api.http.post(path, json=body).raise_for_status()

    def get(path: str) -> Callable[[], object]:
        return lambda: api.http.get(path).raise_for_status()

    def tenfold(*words: str) -> Callable[[], object]:
        return lambda: subprocess.run([TENFOLD, *words], check=True, stdout=subprocess.DEVNULL)

    def begin() -> None:
        api.wait(api.start("reconcile", {"stack": "many"}))

    of_run = {"flow_run_id": {"any_": [run]}}
    return {
        "UI: list of runs": post("/flow_runs/paginate", page=1, limit=25, sort="START_TIME_DESC"),
        "UI: runs, counted": post("/flow_runs/count", **deployments),
        "UI: runs that failed": post(
            "/flow_runs/filter", limit=25, flow_runs={"state": {"type": {"any_": ["FAILED", "CRASHED"]}}}
        ),
        "UI: deployments": post("/deployments/paginate", page=1, limit=25),
        "UI: flows": post("/flows/paginate", page=1, limit=25),
        "UI: a run": get(f"/flow_runs/{run}"),
        "UI: a run's log": post("/logs/filter", logs=of_run, sort="TIMESTAMP_ASC", limit=200),
        "UI: a run's tasks": post("/task_runs/paginate", flow_runs={"id": {"any_": [run]}}, page=1, limit=25),
        "UI: events of a day": post("/events/filter", limit=50),
        "a poll for due runs": post(
            "/flow_runs/filter", limit=200, sort="NEXT_SCHEDULED_START_TIME_ASC",
            flow_runs={"state": {"type": {"any_": ["SCHEDULED"]}}},
        ),
        "tenfold status": tenfold("status"),
        "tenfold history": tenfold("history", "many"),
        "tenfold plan": tenfold("plan", "many"),
        "a reconcile, asked for to ended": begin,
    }  # fmt: skip


def _seconds(ask: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _fill_prefect(path: Path, run: str, count: int) -> None:
    """Copy a run so many times, each a minute before the other."""
    with closing(sqlite3.connect(path, timeout=60)) as database:
        database.row_factory = sqlite3.Row
        rows = {
            table: [dict(row) for row in database.execute(f"SELECT * FROM {table} WHERE {which}", {"run": run})]
            for table, which in OF_RUN.items()
        }
        database.execute("PRAGMA foreign_keys = OFF")
        for first in range(0, count, 500):
            with database:  # short writes: the server writes meanwhile
                for number in range(first, min(first + 500, count)):
                    _insert(database, rows, number + 1)


def _insert(database: sqlite3.Connection, rows: Mapping[str, list[Row]], minutes: int) -> None:
    new = {row["id"]: str(uuid4()) for of_table in rows.values() for row in of_table}
    for table, of_table in rows.items():
        for row in of_table:
            copy = dict(_copied(row, new, timedelta(minutes=minutes)))
            marks = ", ".join("?" * len(copy))
            database.execute(f"INSERT INTO {table} ({', '.join(copy)}) VALUES ({marks})", list(copy.values()))


def _copied(row: Row, new: Mapping[str, str], earlier: timedelta) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name == "idempotency_key" and value:
            yield name, str(uuid4())
        elif name in MOMENTS and value:
            yield name, (datetime.fromisoformat(value) - earlier).isoformat(" ", "microseconds")
        elif isinstance(value, str):
            for old, other in new.items():
                value = value.replace(old, other)  # noqa: PLW2901 - ids are in JSON, too
            yield name, value
        else:
            yield name, value


def _fill_ledger(count: int) -> None:
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("many", Owner.here("deploy"), 3600)
        plan: dict[str, Any] = {"summary": "1 created", "waves": [], "kept": []}
        for _ in range(count):
            run = ledger.runs.begin(lease, "deploy", "web: env changed", plan)
            ledger.runs.finish(lease, run, "done", "1 created")
        ledger.locks.release(lease)


if __name__ == "__main__":
    main()
