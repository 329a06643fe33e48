"""Secrets go in and are never seen again."""

from collections.abc import Callable

import pytest

from deployments.cli.here import Here
from infra_specs.plan.plan import Plan
from tests.deployments.cli.cli import Cli


def test_a_value_comes_from_a_pipe_and_is_not_printed(cli: Cli, place: Here) -> None:
    said = cli.text("secret", "set", "shop", "stripe", typed="sk_live_1\n")
    unknown = "No stack is called shop yet: its first provision will use it.\n"
    assert said == f"stripe of shop is set (version 1).\n{unknown}"
    assert place.ledger.secret_value("shop", "stripe", 1) == "sk_live_1"
    said = cli.text("secret", "set", "shop", "stripe", typed="two\nlines\n")
    assert said == f"stripe of shop is set (version 2).\n{unknown}"
    assert place.ledger.secret_value("shop", "stripe", 2) == "two\nlines"
    assert cli.text("secret", "list", "shop").split()[:3] == ["stripe", "version", "2"]


def test_removed_is_gone(cli: Cli) -> None:
    cli.text("secret", "set", "shop", "stripe", typed="x")
    assert cli.text("secret", "remove", "shop", "stripe").startswith("stripe of shop is erased.")
    assert cli("secret", "remove", "shop", "stripe").code == 1
    assert cli.text("secret", "list", "shop") == "shop has no secret. Set one with: tenfold secret set shop NAME\n"


@pytest.mark.parametrize(
    ("stack", "name", "typed", "said"),
    [
        ("shop", "stripe", "", "The value of stripe is empty. Type it when asked, or pipe it in.\n"),
        ("shop", "stripe", "x" * 70_000, "The value of stripe is longer than 65536 characters.\n"),
        ("Shop", "stripe", "x", "`Shop` cannot be a stack's name: a small letter, then small letters, "
         "digits and dashes.\n"),
        ("shop", "1a", "x", "`1a` cannot be a secret's name: letters, digits, _ and -, not a digit or - first.\n"),
    ],
)  # fmt: skip
def test_what_is_refused(cli: Cli, stack: str, name: str, typed: str, said: str) -> None:
    found = cli("secret", "set", stack, name, typed=typed)
    assert (found.code, found.err) == (2, said)


def test_of_a_stack_that_is_known_its_next_provision_is_named(cli: Cli, provisioned: Callable[[], Plan]) -> None:
    provisioned()
    said = cli.text("secret", "set", "shop", "stripe", typed="x")
    assert said.splitlines()[1:] == ["What runs gets it with: tenfold provision shop"]
