"""`tenfold advise`: what to change next."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from deployments.cli.installation import Installation
from infra_specs.advice.observation import WEEK_SECONDS
from infra_specs.advice.rightsizing import Usage
from infra_specs.plan.plan import Plan
from infra_specs.scaling.measurement import Measurement
from tasks.base.clock import now
from tasks.ledger import Check, CheckResult, Owner
from tasks.ledger.tables import stacks
from tasks.providers.memory.host import MemoryHost
from tests.deployments.cli.cli import Cli


def measured(installation: Installation, in_flight: float) -> None:
    lease = installation.ledger.checks.acquire(Owner.here("autoscale"), 600)
    window = Measurement(now(), 15, in_flight=in_flight)
    installation.ledger.checks.record(lease, Check(window.at, 0.1, 1, ""), [CheckResult("shop", "web", window)])


def test_nothing_presses(cli: Cli, installation: Installation, provisioned: Callable[[], Plan]) -> None:
    provisioned()
    assert cli.text("advise") == "shop: nothing presses, and nothing is idle\n"
    assert cli.json("advise", "shop") == {"stacks": {"shop": []}}


def test_near_its_limits_the_next_step_is_said(
    cli: Cli, installation: Installation, provisioned: Callable[[], Plan]
) -> None:
    provisioned()
    measured(installation, 65)
    lines = cli.text("advise", "shop").splitlines()
    assert lines[:2] == ["shop", "  !  web needs 24 replicas at its busiest, of at most 27 (the design capacity)"]
    assert lines[2].startswith("    next step: set users.monthly: 1800000; ")
    assert lines[3].startswith("  !  the busiest hours would cost $180 a month if they stayed, and the budget is $100")
    assert lines[-1] == "  Have it done: tenfold grow shop"
    advice = cli.json("advise")["stacks"]["shop"]
    assert [item["about"] for item in advice] == ["web", "budget"]
    assert advice[1]["step"]["change"] == {"budget": 230}


def test_a_moment_after_the_first_provision_no_size_is_called_idle(
    cli: Cli, installation: Installation, provisioned: Callable[[], Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    usages = {"database/main": Usage(memory=15 * 2**20), "volume/database": Usage(disk=2**20)}
    monkeypatch.setattr(MemoryHost, "uses", lambda *_: usages)
    provisioned()
    first, second = cli.text("advise", "shop").splitlines()
    assert first == "shop: nothing presses"
    assert second.startswith("  ·  sizes are judged from ")
    assert "seen so far: 0.0 hours, no request yet" in second
    assert [(item["about"], item["waits"]) for item in cli.json("advise")["stacks"]["shop"]] == [("sizes", True)]
    with installation.ledger._database.write() as connection:
        connection.execute(sa.update(stacks).values(since=now() - WEEK_SECONDS))
    assert "the database's memory is paid for and idle (15MB of " in cli.text("advise", "shop")


def test_status_says_early_that_growth_presses(
    cli: Cli, installation: Installation, provisioned: Callable[[], Plan]
) -> None:
    provisioned()
    assert "Soon" not in cli.text("status")
    measured(installation, 65)
    sentence = "web needs 24 replicas at its busiest, of at most 27 (the design capacity)"
    assert f"  Soon: {sentence}. See: tenfold advise shop" in cli.text("status").splitlines()
    assert cli.json("status")["stacks"][0]["advice"][0] == sentence


def test_without_a_running_stack_there_is_nothing_to_advise(
    cli: Cli, installation: Installation, provisioned: Callable[[], Plan]
) -> None:
    assert cli.text("advise") == "Nothing here yet. Begin with: tenfold demo\n"
    provisioned()
    lease = installation.ledger.locks.acquire("shop", Owner.here("teardown"), 60)
    installation.ledger.stacks.mark_torn_down(lease)
    assert cli.text("advise", "shop") == "shop is torn down, so there is nothing to advise.\n"
    assert cli.text("advise") == "Every stack here is torn down, so there is nothing to advise.\n"


@pytest.mark.usefixtures("provisioned")
def test_an_unknown_stack_is_named(cli: Cli) -> None:
    assert "No stack is called `blog`" in cli("advise", "blog").err
