"""What a stack's processes wrote."""

from collections.abc import Callable

import pytest

from deployments.cli.present.logs import chosen
from infra_specs.plan.instance import Health, Instance
from tests.deployments.cli.cli import Cli


def _one(address: str, incarnation: int = 1) -> Instance:
    return Instance("shop", address, address.partition("/")[0], "f", incarnation, Health("healthy", "ok", 0.0))


there = [
    _one("database/main"), _one("replica/web-0"), _one("replica/web-0", 2), _one("replica/web-api-0"),
    _one("route/web"), _one("volume/database"),
]  # fmt: skip


@pytest.mark.pure
@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("", ["database/main", "replica/web-0", "replica/web-0#2", "replica/web-api-0"]),
        ("web", ["replica/web-0", "replica/web-0#2"]),
        ("web-api", ["replica/web-api-0"]),
        ("replica/web-0", ["replica/web-0", "replica/web-0#2"]),
        ("replica/web-0#2", ["replica/web-0#2"]),
        ("database", ["database/main"]),
    ],
)
def test_a_service_a_kind_or_an_address(what: str, names: list[str]) -> None:
    assert [str(one) for one in chosen(there, what)] == names


def test_each_line_says_who_wrote_it_unless_there_is_one(cli: Cli, provisioned: Callable[[], object]) -> None:
    provisioned()
    assert cli.text("logs", "shop", "web").splitlines() == [
        f"web-{slot} | replica/web-{slot} runs in memory only" for slot in range(3)
    ]
    assert cli.text("logs", "shop", "database") == "database/main runs in memory only\n"
    assert cli.text("logs", "shop", "database", "-n", "0") == ""


def test_an_unknown_name_says_what_there_is(cli: Cli, provisioned: Callable[[], object]) -> None:
    provisioned()
    said = cli("logs", "shop", "wbe")
    assert (said.code, said.err) == (
        2,
        "Nothing here is called `wbe`. There is: cache/main, database/main, proxy/main, replica/web-0, replica/web-1, "
        "replica/web-2.\n",
    )
