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
    assert result.err == f"{file} is there already, and is not overwritten. Nothing was written.\n"


def test_on_local_it_lies_in_no_folder_of_code(cli: Cli, installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    spec = {"name": "web", "target": {"provider": "local"}, "services": {"web": {"command": "python a.py", "port": 80}}}
    lease = installation.ledger.locks.acquire("web", Owner.here("provision"), 60)
    installation.ledger.stacks.set_desired(lease, "web", spec, str(tmp_path / "app"))
    result = cli("pull", "web", "-o", "app/pulled.yaml")
    assert (result.code, result.err) == (
        2,
        "pulled.yaml would lie in the folder of web, and be a change of its code. Write it elsewhere: "
        f"-o {tmp_path / 'pulled.yaml'}\n",
    )
    cli.text("pull", "web", "-o", "app/../pulled.yaml")
    assert yaml.safe_load(Path("pulled.yaml").read_text())["services"]["web"]["folder"] == "app"


def test_an_export_has_the_services_and_the_needs(cli: Cli, file: Path) -> None:
    text = file.read_text().replace("memory, price_per_replica: 7.5", "docker").replace("command: run", "image: shop:1")
    file.write_text(text)
    document = yaml.safe_load(cli.text("export", "compose", "shop.yaml"))
    assert list(document["services"]) == ["web", "database", "cache", "proxy"]
    assert document["services"]["web"]["environment"]["THEME"] == "plain"
