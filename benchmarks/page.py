"""How long the status page takes to answer with 90 days of ten stacks: `python -m benchmarks.page`."""

import statistics
import tempfile
import time
from pathlib import Path

import httpx

from deployments.server.page.files import PAGE_PATH
from tasks.base.settings import Settings
from tasks.ledger import Ledger
from tasks.ledger.database import Database
from tests.support.page_world import add_measurements, add_stack, served_page

STACKS, DAYS, FINE_DAYS, ROUNDS = 10, 90, 35, 20
PATHS = (
    PAGE_PATH,
    f"{PAGE_PATH}/data",
    f"{PAGE_PATH}/series?stack=stack-0&days=1",
    f"{PAGE_PATH}/series?stack=stack-0&days=90",
    f"{PAGE_PATH}/report?stack=stack-0",
    "/metrics",
)


def main() -> None:
    """Fill a ledger, serve its page in this process, and print the times of each address."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with Ledger.open(Settings(home=home)) as ledger:
            names = [f"stack-{number}" for number in range(STACKS)]
            for name in names:
                add_stack(ledger, name)
            database = Database(Settings(home=home).ledger_url)
            add_measurements(ledger, database, names, DAYS, FINE_DAYS)
            database.close()
        with served_page(home) as page, httpx.Client(base_url=page.url, headers=page.header, timeout=60) as client:
            for path in PATHS:
                client.get(path).raise_for_status()
                times = [_milliseconds(client, path) for _ in range(ROUNDS)]
                print(f"{path:45} median {statistics.median(times):6.1f} ms  most {max(times):6.1f} ms")


def _milliseconds(client: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    client.get(path).raise_for_status()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
