"""`tenfold debt`, and how `tenfold plan` shows debts."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.deployments.cli.cli import Cli

DEBTS = """
debts:
- what: one zone
  why: a launch
  expires: 2026-12-31
  plan: a second zone
  impact: an outage is ours
- what: no index
  why: few rows
  expires: 2026-11-29
  plan: an index
  impact: slow pages
"""
LISTED = """\
shop
  !  2  no index  expired 1 day ago
        why: few rows
        plan: an index
        impact: slow pages
  ·  1  one zone  until 2026-12-31, 31 days left
        why: a launch
        plan: a second zone
        impact: an outage is ours
"""


@pytest.fixture
def file(file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in ("tasks.base.clock", "deployments.cli.views.debts"):
        monkeypatch.setattr(f"{module}.today", lambda: date(2026, 11, 30))
    file.write_text(file.read_text() + DEBTS)
    return file


def test_the_debts_of_a_file_and_of_all_stacks(cli: Cli, file: Path, provisioned: Callable[[], object]) -> None:
    assert cli.text("debt", "list", "shop.yaml") == LISTED
    assert cli.text("debt", "list") == "No debts.\n"
    provisioned()
    assert cli.text("debt", "list") == cli.text("debt", "list", "shop") == LISTED
    first, second = cli.json("debt", "list", "shop")["stacks"]["shop"]
    assert (first["number"], first["days"], first["expired"]) == (2, -1, True)
    assert (second["what"], second["expires"], second["expired"]) == ("one zone", "2026-12-31", False)


def test_the_lines_of_a_debt_that_is_paid(cli: Cli, file: Path) -> None:
    result = cli("debt", "pay", "shop.yaml", "2")
    assert result.out == "".join(line + "\n" for line in DEBTS.splitlines()[7:])
    assert result.err == "Take these lines out of `debts:` in shop's file, and: tenfold provision FILE\n"
    assert cli("debt", "pay", "shop.yaml", "3").code == 2
    assert cli("debt", "list", "nobody").err.startswith("There is no file nobody here. No stack is called `nobody`.")


def test_the_lines_of_a_new_debt(cli: Cli) -> None:
    words = ("--why", "few rows", "--plan", "an index", "--impact", "slow pages")
    added = cli.text("debt", "add", "no index", "--expires", "2026-11-29", *words)
    assert added == "debts:\n" + "".join(line + "\n" for line in DEBTS.splitlines()[7:])
    refused = cli("debt", "add", "no index", *words)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        "A debt has a day on which it expires, and says why, the plan and the impact. Give: --expires.\n"
    )


def test_a_plan_shows_an_expired_debt_first_and_refuses_it_where_it_blocks(cli: Cli, file: Path) -> None:
    shown = cli.text("plan", "shop.yaml")
    assert shown.index("no index  expired 1 day ago") < shown.index("one zone  until 2026-12-31")
    file.write_text(file.read_text().replace("budget: 100", "budget: 100\ndebts_block: true"))
    refused = cli("plan", "shop.yaml")
    assert (refused.code, refused.out) == (2, shown)
    assert refused.err.startswith("shop: a debt has expired, and `debts_block` is true: no index (expired 1 day ago)")
