"""`--env`: a stack of its own out of the same file."""

from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.cli.installation import Installation
from infra_specs.stackfile.reading.load import load
from tasks.ledger import Owner
from tests.deployments.cli.cli import Cli


@pytest.fixture
def staging(file: Path) -> Path:
    path = file.with_name("shop.staging.yaml")
    path.write_text("services: {web: {replicas: 1}}\nneeds: {cache: null}\n")
    return path


def test_a_plan_of_it_has_its_own_name_and_sizes(cli: Cli, file: Path, staging: Path) -> None:
    out = cli.text("plan", "shop.yaml", "--env", "staging")
    assert out.startswith("shop-staging on memory: ")
    assert "replica/web-0" in out
    assert "replica/web-1" not in out
    assert "cache/main" not in out


def test_show_prints_what_was_merged(cli: Cli, file: Path, staging: Path) -> None:
    stack = load(cli.text("show", "shop.yaml", "--env", "staging"))
    assert (stack.name, stack.needs.cache, stack.services["web"].replicas.max) == ("shop-staging", None, 1)


def test_the_overlay_is_named_for_its_fault(cli: Cli, file: Path, staging: Path) -> None:
    staging.write_text("services:\n  web: {prot: 1}\n")
    assert cli("plan", "shop.yaml", "--env", "staging").err.startswith(
        "shop.staging.yaml:2: services.web.prot: unknown key."
    )


def test_one_that_is_not_there(cli: Cli, file: Path) -> None:
    result = cli("plan", "shop.yaml", "--env", "prod")
    assert (result.code, result.err) == (
        2,
        "shop.yaml has no environment prod. Describe it under `environments`, or in a file beside it that is called "
        "shop.prod.yaml.\n",
    )


def test_a_stack_of_another_folder_has_the_name(
    cli: Cli, file: Path, staging: Path, installation: Installation, tmp_path: Path
) -> None:
    lease = installation.ledger.locks.acquire("shop-staging", Owner.here("provision"), 60)
    spec = load(file.read_text().replace("name: shop", "name: shop-staging")).model_dump(mode="json", by_alias=True)
    installation.ledger.stacks.set_desired(lease, "shop-staging", spec, "/srv/other")
    result = cli("plan", "shop.yaml", "--env", "staging")
    assert (result.code, result.err) == (
        2,
        "A stack is called shop-staging already, from /srv/other. Give the environment another name, or bring that "
        "stack here: tenfold pull shop-staging\n",
    )


def test_the_name_of_a_stack_with_an_environment(cli: Cli, provisioned: Callable[[], object]) -> None:
    provisioned()
    assert "No stack is called `shop-staging`" in cli("show", "shop", "--env", "staging").err
