"""From nothing to the quickstart stack healthy behind its proxy, against the same services started by hand.

python -m benchmarks.provision [ROUNDS]

by hand   its own services, all at once, no orchestrator: the floor
tenfold   the same by `converge` on an empty home: lock, ledger, plan, supervisor, probes, proof; Prefect left out
no change `converge` again, with nothing to do
Prefect's own share (from submitted to running, tasks, artifacts) is printed by benchmarks.control_plane.
"""

import asyncio
import logging
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import flows.engine.apply_plan
import flows.engine.converge
from benchmarks.by_hand import ByHand
from flows.engine.converge import converge
from infra_specs.catalogue.desired import generated_secrets
from infra_specs.desired import desired_from_spec
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import load
from tasks.base.settings import Settings
from tasks.changes.apply import apply
from tasks.changes.observe import observe
from tasks.ledger import Ledger, Owner, keep_renewed
from tasks.providers import open_provider
from tasks.run.context import RunContext
from tasks.stack.record import snapshot_of

SPEC_FILE = Path(__file__).parents[1] / "infra_specs/stacks/quickstart.yaml"


def without_prefect() -> None:
    """Call the plain functions inside the tasks, and show nothing."""

    async def nothing(*_: Any) -> None:
        return None

    changed: dict[str, Any] = {
        "observe": observe.fn,
        "show_plan": nothing,
        "show_outcome": nothing,
        "get_run_logger": lambda: logging.getLogger("benchmark"),
    }
    for name, plain in changed.items():
        setattr(flows.engine.converge, name, plain)
    setattr(flows.engine.apply_plan, "apply", apply.fn)  # noqa: B010 - so that types do not ask what a task is
    setattr(flows.engine.apply_plan, "get_run_logger", changed["get_run_logger"])  # noqa: B010


async def road(home: Path, stack: Stack, delete_data: bool = False) -> float:
    """Seconds of one run of the road on a home; with `delete_data` it takes everything down."""
    began = time.perf_counter()
    settings = Settings(home=home)
    with Ledger.open(settings) as ledger:
        lease = ledger.locks.acquire(stack.name, Owner.here("provision"), settings.lease_seconds)
        with keep_renewed(ledger, lease, settings.lease_seconds):
            planned = desired_from_spec(snapshot_of(ledger, stack, str(SPEC_FILE.parent)))
            ledger.stacks.set_desired(lease, stack.name, stack.model_dump(mode="json", by_alias=True), planned.source)
            for secret in generated_secrets(stack):
                ledger.secrets.ensure(lease, stack.name, secret)
            site = RunContext(open_provider(stack.target, home), ledger, lease)
            wanted = () if delete_data else planned.resources
            await converge(site, "provision", "measured", wanted, delete_data=delete_data)
    return time.perf_counter() - began


def tenfold(home: Path, stack: Stack) -> tuple[float, float]:
    """Seconds from nothing to healthy, and of a second run with nothing to do."""
    home.mkdir(mode=0o700)
    try:
        return asyncio.run(road(home, stack)), asyncio.run(road(home, stack))
    finally:
        asyncio.run(road(home, stack, delete_data=True))


def hand(home: Path, stack: Stack) -> float:
    """Seconds from nothing to healthy, by hand."""
    home.mkdir(mode=0o700)
    with Ledger.open(Settings(home=home)) as ledger:
        resources = desired_from_spec(snapshot_of(ledger, stack, str(SPEC_FILE.parent))).resources
    services = ByHand(home, resources)
    try:
        return services.up()
    finally:
        services.down()


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    without_prefect()
    stack = load(SPEC_FILE.read_text(), SPEC_FILE.name)
    folder = Path(tempfile.mkdtemp(prefix="tenfold-benchmark-"))
    folder.chmod(0o711)
    rows = []
    try:
        for number in range(rounds + 1):  # the first warms the disk's cache and is not counted
            floor = hand(folder / f"hand{number}", stack)
            ours, again = tenfold(folder / f"ours{number}", stack)
            rows.append((floor, ours, again, ours / floor))
            print(f"{number or 'warm-up'}: by hand {floor:.2f} s, tenfold {ours:.2f} s, "
                  f"no change {again:.3f} s, ratio {ours / floor:.2f}", flush=True)  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    by_hand, ours, again, ratio = (statistics.median(row[i] for row in rows[1:]) for i in range(4))
    print(f"median: by hand {by_hand:.2f} s, tenfold {ours:.2f} s, no change {again:.3f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
