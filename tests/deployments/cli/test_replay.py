"""`tenfold replay`."""

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.cli.installation import Installation
from infra_specs.plan.plan import Plan
from infra_specs.scaling.measurement import Measurement
from tasks.base.clock import now
from tasks.ledger import Check, CheckResult, Owner
from tests.deployments.cli.cli import Cli


@pytest.fixture
def table(provisioned: Callable[[], Plan]) -> Path:
    """A table of requests over two days, a line a minute, with a jump at noon."""
    provisioned()
    path = Path("requests.csv")
    jump = (900.0 if 720 <= minute % 1440 < 780 else 300.0 for minute in range(2880))
    path.write_text("minute,requests\n" + "".join(f"{minute},{count}\n" for minute, count in enumerate(jump)))
    return path


def test_a_table_is_played_through_two_policies(cli: Cli, table: Path) -> None:
    Path("eager.yaml").write_text("utilisation: 0.2\nwindow: 1h\n")
    document = cli.json("replay", "shop", "web", "--csv", "requests.csv", "--policy", "eager.yaml")
    usual, eager = document["policy"], document["other"]
    assert usual["requests"] == pytest.approx(300 * 2880 + 600 * 120, rel=0.01)
    assert eager["replica_hours"] > usual["replica_hours"]
    assert eager["lost"] <= usual["lost"] < 0.01
    assert usual["price"] == pytest.approx(usual["replica_hours"] * 7.5 / 720)


def test_it_is_shown_as_a_chart_and_drawn(cli: Cli, table: Path) -> None:
    Path("eager.yaml").write_text("scaling: {utilisation: 0.2}\nreplicas: {min: 2, max: 6}\n")
    output = cli.text("replay", "shop", "web", "--csv", "requests.csv", "--policy", "eager.yaml", "--svg", "web.svg")
    lines = output.splitlines()
    assert lines[0].startswith("web of shop: 1d 23h of requests.csv")
    assert [line.split()[0] for line in lines[2:5]] == ["demand", "policy", "other"]
    assert {"█"} <= set(lines[3] + lines[4])
    assert [line.split()[0] for line in lines[6:]] == ["lost", "policy", "other", "Drawn"]
    picture = Path("web.svg").read_text()
    assert picture.startswith("<svg ")
    assert picture.count("<polyline") == 2


def recorded(installation: Installation, began: float, checks: int) -> None:
    """Record changing demand, measured every 15 s."""
    lease = installation.ledger.checks.acquire(Owner.here("autoscale"), 600)
    for number in range(1, checks + 1):
        at = began + 15 * number
        inside = 8 + 4 * math.sin(number / 10)
        measured = Measurement(at, 15, inside * 5, inside)
        installation.ledger.checks.record(lease, Check(at, 0.1, 1, ""), [CheckResult("shop", "web", measured)])
    installation.ledger.locks.release(lease)


def test_recorded_demand_is_played(cli: Cli, installation: Installation, provisioned: Callable[[], Plan]) -> None:
    provisioned()
    assert "Too little was measured of web of shop" in cli("replay", "shop", "web").err
    recorded(installation, now() - 600, 40)
    usual = cli.json("replay", "shop", "web")["policy"]
    assert (usual["requests"], usual["smoothed"]) == (pytest.approx(600 * 45, rel=0.2), 0)
    assert "Careful" not in cli.text("replay", "shop", "web")
    with_means = cli.json("replay", "shop", "web", "--days", "7")["policy"]
    assert with_means == usual, "what is kept whole is played whole"
    assert "Careful" not in cli.text("replay", "shop", "web", "--days", "7")


def test_means_are_played_where_no_window_is_kept_and_it_says_so(
    cli: Cli, installation: Installation, provisioned: Callable[[], Plan]
) -> None:
    provisioned()
    recorded(installation, (now() - 4 * 86_400) // 300 * 300, 80)
    recorded(installation, now() - 600, 40)
    usual = cli.json("replay", "shop", "web", "--days", "7")["policy"]
    assert 0 < usual["smoothed"] < 0.1
    output = cli.text("replay", "shop", "web", "--days", "7")
    assert re.search(r"Careful: (20|25)m of these \d", output), output
    assert "are means of five minutes" in output
    assert "--days 2" in output
    assert "Careful" not in cli.text("replay", "shop", "web", "--days", "2")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("windw: 5m", "windw"),
        ("[1, 2]", "must be a mapping such as {window: 5m}"),
        ("a: [", "is not YAML"),
        ("utilisation: 7", "utilisation"),
    ],
)
def test_a_policy_with_a_fault_is_refused(cli: Cli, table: Path, text: str, error: str) -> None:
    Path("wrong.yaml").write_text(text)
    refused = cli("replay", "shop", "web", "--csv", "requests.csv", "--policy", "wrong.yaml")
    assert refused.code == 2
    assert error in refused.err


def test_a_missing_table_or_service_is_named(cli: Cli, table: Path) -> None:
    assert "none.csv cannot be read: No such file" in cli("replay", "shop", "web", "--csv", "none.csv").err
    result = cli("replay", "shop", "mail")
    assert result.code == 2
    assert "shop has no service `mail`" in result.err
