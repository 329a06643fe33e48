"""`tenfold why`."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from deployments.cli.installation import Installation
from infra_specs.plan.plan import Plan
from infra_specs.scaling.decision import Decision, Step
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.scaling_input import ScalingInput
from tasks.base.clock import now
from tasks.ledger import Check, CheckResult, Owner
from tests.deployments.cli.cli import Cli

Decide = Callable[..., str]


@pytest.fixture
def decide(installation: Installation, provisioned: Callable[[], Plan]) -> Decide:
    """Record a decision as a check would have so many seconds ago, and return its id."""
    provisioned()
    lease, moment = installation.ledger.checks.acquire(Owner.here("autoscale"), 600), now()

    def decided(before: int, after: int, ago: float, reason: str, run: str = "", mode: str = "act") -> str:
        at = moment - ago
        measured = Measurement(at, 15, in_flight=28.0)
        situation = replace(ScalingInput("web", at, measured, before, before, 0), mode=mode)  # type: ignore[arg-type]
        steps = (Step("recommend", after, "28 requests in flight need it"), Step("limit", after, "within its bounds"))
        decision = Decision("web", at, before, after, f"web: {reason}", steps, situation)
        ids = installation.ledger.checks.record(
            lease, Check(at, 0.1, 1, ""), [CheckResult("shop", "web", measured, {}, decision)]
        )
        if run:
            installation.ledger.decisions.acted(lease, ids["shop", "web"], run)
        return ids["shop", "web"]

    return decided


def test_the_newest_comes_first_with_its_steps_and_its_run(cli: Cli, decide: Decide) -> None:
    decide(3, 3, 100, "3 stays")
    decide(3, 3, 85, "3 stays")
    decide(3, 5, 60, "3 to 5 replicas", run="f-1")
    lines = cli.text("why", "shop", "web").splitlines()
    assert "web  3 → 5  done by flow run f-1" in lines[0]
    assert lines[1:4] == [
        "  web: 3 to 5 replicas",
        "    recommend    5  28 requests in flight need it",
        "    limit        5  within its bounds",
    ]
    assert "web  stays 3  for 15s, 2 checks" in lines[5]


def test_a_decision_that_was_not_carried_out_says_why(cli: Cli, decide: Decide) -> None:
    decide(3, 5, 100, "3 to 5 replicas", mode="advise")
    decide(3, 4, 60, "3 to 4 replicas")
    output = cli.text("why", "shop")
    assert "3 → 5  advice, not done (one check)" in output
    assert "3 → 4  not begun: somebody was at it (one check)" in output


def test_only_changes_and_only_so_many(cli: Cli, decide: Decide) -> None:
    for ago, before, after in ((900, 3, 3), (600, 3, 5), (400, 5, 5), (300, 5, 4), (100, 4, 4)):
        decide(before, after, ago, f"{before} to {after}", run="f-1" if before != after else "")
    changes = cli.json("why", "shop", "--changes")["decisions"]
    assert [(decision["before"], decision["replicas"]) for decision in changes] == [(5, 4), (3, 5)]
    assert [decision["replicas"] for decision in cli.json("why", "shop", "-n", "2")["decisions"]] == [4, 4]
    assert changes[0]["inputs"]["measured"]["in_flight"] == 28
    assert changes[0]["steps"][0]["name"] == "recommend"


def test_before_the_first_decision(cli: Cli, installation: Installation, provisioned: Callable[[], Plan]) -> None:
    provisioned()
    assert cli.text("why", "shop").startswith("No check has been made yet.")
    lease = installation.ledger.checks.acquire(Owner.here("autoscale"), 600)
    hours_ago = now() - 5 * 3600 - 60  # in minutes, so that no slow machine says another one
    installation.ledger.checks.record(lease, Check(hours_ago, 0.1, 1, "1 stack with 1 service checked"), [])
    assert cli.text("why", "shop").startswith("Nothing was decided for shop yet. The last check was 5h")


def test_an_unknown_stack_or_service_is_named(cli: Cli, provisioned: Callable[[], Plan]) -> None:
    assert "No stack is called `blog`. Known: none yet." in cli("why", "blog").err
    provisioned()
    result = cli("why", "shop", "mail")
    assert (result.code, result.err) == (2, "shop has no service `mail`. It has: web.\n")


def test_the_sizing_is_below_the_decisions(cli: Cli, decide: Decide) -> None:
    decide(3, 5, 60, "3 to 5 replicas", run="f-1")
    sizing = cli.json("why", "shop", "web")["sizing"]
    assert sizing[2].startswith("database: 10 connections x 27 replicas of web at most + 20 spare: 290, rounded up")
    assert cli.text("why", "shop", "web").splitlines()[-len(sizing) - 2 :][:2] == ["", "Sizing"]
