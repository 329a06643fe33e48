"""`tenfold secret`: values are stored and never printed."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deployments.cli.installation import Installation
from infra_specs.plan.plan import Plan
from tests.deployments.cli.cli import Cli


def test_a_value_comes_from_a_pipe_and_is_not_printed(cli: Cli, installation: Installation) -> None:
    output = cli.text("secret", "set", "shop", "stripe", typed="sk_live_1\n")
    unknown = "The line end at its end was taken off.\nNo stack is called shop yet: its first provision will use it.\n"
    assert output == f"stripe of shop is set (version 1).\n{unknown}"
    assert installation.ledger.secrets.value("shop", "stripe", 1) == "sk_live_1"
    output = cli.text("secret", "set", "shop", "stripe", typed="two\nlines\n")
    assert output == f"stripe of shop is set (version 2).\n{unknown}"
    assert installation.ledger.secrets.value("shop", "stripe", 2) == "two\nlines"
    assert cli.text("secret", "list", "shop").split()[:3] == ["stripe", "version", "2"]


def test_removed_is_gone(cli: Cli) -> None:
    cli.text("secret", "set", "shop", "stripe", typed="sk_live_1")
    assert cli.text("secret", "remove", "shop", "stripe").startswith("stripe of shop is erased.")
    assert cli("secret", "remove", "shop", "stripe").code == 1
    assert cli.text("secret", "list", "shop") == "shop has no secret. Set one with: tenfold secret set shop NAME\n"


@pytest.mark.parametrize(
    ("stack", "name", "typed", "error"),
    [
        ("shop", "stripe", "", "The value of stripe is empty. Type it when asked, or pipe it in.\n"),
        ("shop", "stripe", "x" * 70_000, "The value of stripe is longer than 65536 bytes: a program's variables "
         "cannot hold much more. Put it into a volume of the service.\n"),
        ("shop", "stripe", "short", "The value of stripe has 5 characters. One of fewer than 8 cannot be redacted, "
         "since ordinary text holds it too. Choose a longer one, or set it with --short.\n"),
        ("shop", "stripe", b"\x30\x82\xff", "The value of stripe is not text in UTF-8. Set it with --binary to keep "
         "its bytes, which a service is given as a file.\n"),
        ("shop", "stripe", "before\0after", "The value of stripe holds a NUL, which no variable can. Set it with "
         "--binary to keep its bytes, which a service is given as a file.\n"),
        ("Shop", "stripe", "x", "`Shop` cannot be a stack's name: a small letter, then small letters, "
         "digits and dashes.\n"),
        ("shop", "1a", "x", "`1a` cannot be a secret's name: letters, digits, _ and -, not a digit or - first.\n"),
        ("shop", "tls-certificate", "x", "`tls-certificate` is where Tenfold keeps the certificate of a stack's proxy, "
         "and what you set would be replaced by it. Choose another name.\n"),
    ],
)  # fmt: skip
def test_a_bad_name_or_value_is_refused(cli: Cli, stack: str, name: str, typed: str | bytes, error: str) -> None:
    result = cli("secret", "set", stack, name, typed=typed)
    assert (result.code, result.err) == (2, error)


def test_of_a_stack_that_does_not_name_it_nothing_is_promised(cli: Cli, provisioned: Callable[[], Plan]) -> None:
    provisioned()
    output = cli.text("secret", "set", "shop", "stripe", typed="sk_live_1")
    assert output.splitlines()[1:] == [
        "Nothing in the file of shop names it, so nobody gets it yet: write {secret: stripe} there."
    ]


def test_of_a_stack_that_names_it_the_next_provision_is_named(
    cli: Cli, file: Path, provisioned: Callable[[], Plan]
) -> None:
    data = yaml.safe_load(file.read_text())
    data["services"]["web"]["env"] = {"KEY": {"secret": "stripe"}}
    file.write_text(yaml.safe_dump(data))
    cli.text("secret", "set", "shop", "stripe", typed="sk_live_1")
    provisioned()
    output = cli.text("secret", "set", "shop", "stripe", typed="sk_live_2")
    assert output.splitlines()[1:] == ["What runs gets it with: tenfold provision shop"]


def test_bytes_are_kept_with_binary(cli: Cli, installation: Installation) -> None:
    data = b"\xef\xbb\xbf\x00\x30\x82\xff\r\n"
    assert cli("secret", "set", "shop", "store", "--binary", typed=data).code == 0
    assert installation.ledger.secrets.value("shop", "store", 1) == data
    assert [entry.name for entry in installation.ledger.secrets.newest("shop")] == ["store"]


def test_a_short_one_is_kept_where_asked_for(cli: Cli, installation: Installation) -> None:
    output = cli.text("secret", "set", "shop", "pin", "--short", typed="1234")
    assert (
        output.splitlines()[1] == "It has 4 characters, so it cannot be redacted: what programs write is shown with it."
    )
    assert installation.ledger.secrets.value("shop", "pin", 1) == "1234"
