"""An installation of a test's own on the memory target, and the command line in it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deployments.cli import app
from deployments.cli.installation import Installation, from_file, open_installation
from infra_specs.catalogue.desired import generated_secrets
from infra_specs.desired import desired_from_spec
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from tasks.ledger import Lease, Owner
from tasks.providers.memory import MemoryProvider
from tasks.stack.record import snapshot_of
from tests.deployments.cli.cli import Cli

spec = """\
name: shop
target: {provider: memory, price_per_replica: 7.5}
services:
  web: {command: run, port: 8000, capacity: 4, env: {THEME: plain}}
needs: {database: postgres, cache: valkey}
users: {monthly: 200000}
budget: 100
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("TENFOLD_LEDGER_URL", "TENFOLD_KEY_FILE", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def cli(home: Path) -> Cli:
    return Cli(CliRunner(), app)


@pytest.fixture
def file(home: Path) -> Path:
    """A spec in the current folder."""
    path = Path("shop.yaml").absolute()
    path.write_text(spec)
    return path


@pytest.fixture
def world(home: Path) -> MemoryProvider:
    return MemoryProvider(home / "memory")


@pytest.fixture
def place(home: Path) -> Iterator[Installation]:
    with open_installation() as opened:
        yield opened


@pytest.fixture
def provisioned(place: Installation, file: Path, world: MemoryProvider) -> Callable[[], Plan]:
    """Does what a provision run does, without Prefect; returns the plan that it followed."""

    def provision() -> Plan:
        meant = from_file(file)
        lease = place.ledger.acquire("shop", Owner.here("provision", "run-1"), 60)
        place.ledger.set_desired(lease, "shop", meant.stack.model_dump(mode="json", by_alias=True), meant.source)
        for secret in generated_secrets(meant.stack):
            place.ledger.ensure_secret(lease, "shop", secret)
        wished = desired_from_spec(snapshot_of(place.ledger, meant.stack, meant.source))
        plan = make_plan("shop", wished.resources, world.observe("shop"))
        _carry_out(place, lease, plan, world)
        return plan

    return provision


def _carry_out(place: Installation, lease: Lease, plan: Plan, world: MemoryProvider) -> None:
    run = place.ledger.begin(lease, "provision", "asked for", plan.data())
    known = {}
    for change in plan.changes:
        told = {"action": change.action, "address": change.address, "reason": change.reason, "text": str(change)}
        intent = place.ledger.intend(lease, run, told)
        assert change.resource is not None
        resolved = change.resource.resolved(
            lambda reference: (
                known[reference.address].outputs[reference.output]
                if hasattr(reference, "address")
                else place.ledger.secret_value("shop", reference.secret, reference.version)
            )
        )
        known[change.address] = world.create(resolved)
        place.ledger.outcome(lease, intent, "done", "", 0.25)
    place.ledger.finish(lease, run, "done", plan.summary)
    place.ledger.release(lease)
