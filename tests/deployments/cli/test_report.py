"""`tenfold report`: Markdown of each stack, and a stack that cannot be read hinders no other."""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from tasks.ledger.database import Database
from tests.deployments.cli.cli import Cli


def test_the_report_of_all_stacks_and_of_one(cli: Cli, provisioned: Callable[[], object]) -> None:
    assert cli.text("report") == "No stack is up.\n"
    provisioned()
    text = cli.text("report")
    assert text.startswith("## shop: ")
    assert "- 200,000 monthly users in the file, designed for 2,000,000 (10 x).\n" in text
    assert "- $22.50 a month now, $202.50 at the design capacity.\n" in text
    assert cli.text("report", "shop") == text
    made = cli.json("report", "shop")["stacks"]["shop"]
    assert (made["designed_users"], made["users_as_measured"], made["dora"]["deployments"]) == (2_000_000, None, 0)


def test_a_stack_that_cannot_be_read_is_a_fault(cli: Cli, home: Path, provisioned: Callable[[], object]) -> None:
    provisioned()
    database = Database(f"sqlite:///{home}/ledger.db")
    with database.write() as connection:
        connection.execute(sa.text("UPDATE stacks SET spec = '{broken'"))
    database.close()
    result = cli("report")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("shop: ")
