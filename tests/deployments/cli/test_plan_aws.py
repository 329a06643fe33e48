"""`tenfold plan` of a stack on AWS: with no credentials it plans and prices it, and says that it did not look."""

from pathlib import Path

import pytest

from tests.deployments.cli.cli import Cli

SPEC = """\
name: shop
target: {provider: aws, region: us-east-1, recipe: cheap}
services:
  web: {image: "shop:1", port: 80, public: true, replicas: 1}
"""
PRICE = """\
Price
  $36.06 a month today, $36.06 at the design capacity
  AWS in us-east-1 (2026-11-29), line by line; without taxes and free tiers
  part         of it                   quantity                price     a month  from
  logs/main    written                 0.26 GB                 $0.5      $0.13    logs.in, from memory
  logs/main    kept for 7 days         0.0606667 GB-month      $0.03     $0.00    logs.kept, from memory
"""


@pytest.fixture
def aws(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    path = Path("shop.yaml")
    path.write_text(SPEC)
    return path


def test_it_shows_all_as_new_with_the_bill_and_says_that_nothing_was_looked_at(cli: Cli, aws: Path) -> None:
    output = cli.text("plan", "shop.yaml")
    assert output.startswith("shop on aws: 6 to create, 0 unchanged\n")
    assert PRICE in output
    assert "AWS was not looked at, for there are no credentials: everything is shown as new." in output
    assert "tried on a stand-in for AWS only, and never on AWS itself" in " ".join(output.split())
    assert "it takes about 5 min in all, from memory and not measured on AWS: network 30 s, " in output
    assert "given up with cheap: tasks run on Graviton, so images must be built for arm64" in output
    assert "+  network/main  missing" in output


def test_the_document_has_the_bill(cli: Cli, aws: Path) -> None:
    document = cli.json("plan", "shop.yaml")
    assert document["target"] == "aws"
    assert document["price"]["today"] == 36.06
    assert sum(line["amount"] for line in document["price"]["bill"]) == pytest.approx(36.06)
    assert {line["source"] for line in document["price"]["bill"]} == {"from memory"}


def test_a_price_over_the_budget_is_shown_and_refused(cli: Cli, aws: Path) -> None:
    aws.write_text(f"{SPEC}budget: 20\n")
    result = cli("plan", "shop.yaml")
    assert result.code != 0
    assert "logs.in" in result.out
    assert "The least that it can cost here is $36.06, with `recipe: cheap`." in " ".join(result.err.split())


def test_it_tells_what_data_costs_that_is_put_away(cli: Cli, aws: Path) -> None:
    assert "torn down" not in cli.text("plan", "shop.yaml")
    aws.write_text(f"{SPEC}needs: {{database: postgres}}\n")
    text = " ".join(cli.text("plan", "shop.yaml").split())
    assert "torn down with its data kept, it costs $1.90 a month: 20 GB in a snapshot (from memory)" in text


def test_a_fault_of_the_file_is_said_before_anything_else(cli: Cli, aws: Path) -> None:
    aws.write_text(SPEC.replace("us-east-1", "us-east1"))
    result = cli("plan", "shop.yaml")
    assert "AWS has no region of this name; write one as us-east-1" in " ".join(result.err.split())
