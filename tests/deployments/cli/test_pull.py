"""`tenfold pull` and `tenfold export`: what runs, as a file."""

from collections.abc import Callable
from pathlib import Path

import yaml

from deployments.cli.installation import Installation, from_file
from tasks.ledger import Owner
from tests.deployments.cli.cli import Cli


def test_the_plan_of_the_pulled_file_is_empty(cli: Cli, provisioned: Callable[[], object], file: Path) -> None:
    provisioned()
    assert cli.text("pull", "shop", "-o", "pulled.yaml") == "pulled.yaml is written: shop as it runs.\n"
    assert cli.text("plan", "pulled.yaml").startswith("shop on memory: nothing to do: 8 as wanted\n")
    pulled, written = from_file(Path("pulled.yaml")).stack, from_file(file).stack
    assert pulled == written


def test_it_is_empty_from_another_folder_and_after_a_scale_too(
    cli: Cli, provisioned: Callable[[], object], installation: Installation, tmp_path: Path
) -> None:
    provisioned()
    lease = installation.ledger.locks.acquire("shop", Owner.here("scale"), 60)
    installation.ledger.stacks.override(lease, "web", 3, "web: by hand")
    (tmp_path / "below").mkdir()
    cli.text("pull", "shop", "-o", "below/shop.yaml")
    assert cli.text("plan", "below/shop.yaml").startswith("shop on memory: nothing to do: 8 as wanted\n")


def test_it_never_overwrites(cli: Cli, provisioned: Callable[[], object], file: Path) -> None:
    provisioned()
    result = cli("pull", "shop")
    assert result.err == "shop.yaml is there already, and is not overwritten. Nothing was written.\n"


def test_an_export_has_the_services_and_the_needs(cli: Cli, file: Path) -> None:
    text = file.read_text().replace("memory, price_per_replica: 7.5", "docker").replace("command: run", "image: shop:1")
    file.write_text(text)
    document = yaml.safe_load(cli.text("export", "compose", "shop.yaml"))
    assert list(document["services"]) == ["web", "database", "cache", "proxy"]
    assert document["services"]["web"]["environment"]["THEME"] == "plain"
