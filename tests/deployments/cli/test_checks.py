"""The last autoscale check in the output of `tenfold status`."""

from collections.abc import Callable

import pytest

from deployments.cli.installation import Installation
from deployments.cli.views import checks
from infra_specs.plan.plan import Plan
from tasks.base.clock import now
from tasks.ledger import Check, Owner
from tests.deployments.cli.cli import Cli


def checked(installation: Installation, seconds_ago: float) -> float:
    """Record a check that ended so many seconds ago, and return the present moment."""
    moment = now()
    lease = installation.ledger.checks.acquire(Owner.here("autoscale"), 600)
    installation.ledger.checks.record(lease, Check(moment - seconds_ago, 0.0, 1, "1 stack with 1 service checked"), [])
    return moment


def test_the_last_check_is_said(
    cli: Cli, installation: Installation, provisioned: Callable[[], Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Scaling" not in cli.text("status"), "there is nothing to check"
    provisioned()
    moment = checked(installation, 4)
    monkeypatch.setattr(checks, "now", lambda: moment)
    last = cli.text("status").splitlines()[-1]
    assert last.startswith("Scaling: checked 4.")
    assert last.endswith(" ago, 1 stack with 1 service checked")
    assert cli.json("status")["scaling"]["silent"] is None


def test_a_missing_check_is_reported(
    cli: Cli, installation: Installation, provisioned: Callable[[], Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    provisioned()
    assert "No service is scaled" not in cli.text("status"), "it is only beginning"
    moment = checked(installation, 4)
    monkeypatch.setattr(checks, "now", lambda: moment + 60)
    assert cli.text("status").splitlines()[-1] == (
        "No service is scaled: a check is due every 15 s, and the last one ended 64 s ago. "
        "Look at: tenfold server status"
    )
    assert cli.json("status")["scaling"]["silent"].startswith("No service is scaled")
