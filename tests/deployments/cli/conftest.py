"""An installation on the memory target for each test, and the command line in it."""

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
def installation(home: Path) -> Iterator[Installation]:
    with open_installation() as opened:
        yield opened


@pytest.fixture
def provisioned(installation: Installation, file: Path, world: MemoryProvider) -> Callable[[], Plan]:
    """Provision the stack as a run would, without Prefect, and return the plan."""

    def provision() -> Plan:
        argument = from_file(file)
        lease = installation.ledger.locks.acquire("shop", Owner.here("provision", "run-1"), 60)
        installation.ledger.stacks.set_desired(
            lease, "shop", argument.stack.model_dump(mode="json", by_alias=True), argument.source
        )
        for secret in generated_secrets(argument.stack):
            installation.ledger.secrets.ensure(lease, "shop", secret)
        desired = desired_from_spec(snapshot_of(installation.ledger, argument.stack, argument.source))
        plan = make_plan("shop", desired.resources, world.observe("shop"))
        _carry_out(installation, lease, plan, world)
        return plan

    return provision


def _carry_out(installation: Installation, lease: Lease, plan: Plan, world: MemoryProvider) -> None:
    run = installation.ledger.runs.begin(lease, "provision", "asked for", plan.data())
    created = {}
    for change in plan.changes:
        details = {"action": change.action, "address": change.address, "reason": change.reason, "text": str(change)}
        intent = installation.ledger.runs.intend(lease, run, details)
        assert change.resource is not None
        resolved = change.resource.resolved(
            lambda reference: (
                created[reference.address].outputs[reference.output]
                if hasattr(reference, "address")
                else installation.ledger.secrets.value("shop", reference.secret, reference.version)
            )
        )
        created[change.address] = world.create(resolved)
        installation.ledger.runs.outcome(lease, intent, "done", "", 0.25)
    installation.ledger.runs.finish(lease, run, "done", plan.summary)
    installation.ledger.locks.release(lease)
