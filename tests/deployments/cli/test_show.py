"""`tenfold show`."""

from collections.abc import Callable
from pathlib import Path

from deployments.cli.installation import Installation, from_file
from infra_specs.stackfile.reading.load import load
from tasks.ledger import Owner
from tests.deployments.cli.cli import Cli


def test_the_output_is_a_spec_of_the_same_stack(
    cli: Cli, provisioned: Callable[[], object], file: Path, installation: Installation
) -> None:
    provisioned()
    shown = cli.text("show", "shop")
    assert load(shown) == from_file(file).stack
    assert "needs:\n  database: postgres\n  cache: valkey\n" in shown
    installation.ledger.stacks.override(
        installation.ledger.locks.acquire("shop", Owner.here("scale"), 60), "web", 5, "web: 3 to 5 replicas"
    )
    assert "\n# web: 3 to 5 replicas (" in cli.text("show", "shop")


def test_an_unknown_stack(cli: Cli) -> None:
    assert cli("show", "shop").err.startswith("There is no file shop here. No stack is called `shop`. Known: none yet.")
