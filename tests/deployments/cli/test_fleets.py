"""Fleets of the ledger from the command line: shown, and refused before anything is touched."""

from pathlib import Path
from typing import Any

import pytest

from infra_specs.stackfile.models.hosts import FleetHosts, Host
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tests.deployments.cli.cli import Cli
from tests.support.sshd import free_port, make_key

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def silent(home: Path, tmp_path: Path) -> str:
    """The name of a host where nothing listens, of the fleet shop, on which blog stands."""
    host = Host(address="127.0.0.1", port=free_port())
    make_key(tmp_path / "login", "ed25519")
    with Ledger.open(settings()) as ledger:
        me = Owner.here("provision")
        ledger.fleets.put(ledger.fleets.acquire("shop", me, 60), FleetHosts("shop", (host,), str(tmp_path / "login")))
        lease = ledger.locks.acquire("blog", me, 60)
        ledger.stacks.set_desired(lease, "blog", spec("blog", fleet="shop"), "/srv")
        ledger.runs.begin(ledger.fleets.acquire("wiki", me, 60), "provision", "asked for", {"waves": [], "kept": []})
    return host.name


def spec(name: str, **target: Any) -> dict[str, Any]:
    return {"name": name, "target": {"provider": "swarm", **target}, "services": {"web": {"image": "shop", "port": 80}}}


def test_without_any_fleet_it_is_said_how_one_is_made(cli: Cli) -> None:
    assert cli.text("hosts") == "No fleet yet. A stack whose target lists hosts makes one.\n"
    assert cli.json("hosts") == {"fleets": []}


def test_a_fleet_is_shown_with_its_stacks_and_what_is_wrong(cli: Cli, silent: str) -> None:
    for words in (("hosts",), ("hosts", "shop")):
        shown = cli(*words)
        assert shown.code == 1
        assert "shop with blog\n" in shown.out
        assert f"{silent}: nothing listens there. Is sshd started" in shown.out.replace("\n  ", " ")


@pytest.mark.parametrize("words", [("hosts", "wiki2"), ("hosts", "recover", "wiki2"), ("hosts", "history", "wiki2")])
def test_an_unknown_fleet_is_refused(cli: Cli, silent: str, words: tuple[str, ...]) -> None:
    refused = cli(*words)
    assert (refused.code, refused.err) == (2, "No fleet is called `wiki2`. Known: shop.\n")


def test_hosts_that_a_stack_stands_on_are_not_torn_down(cli: Cli, silent: str) -> None:
    refused = cli("hosts", "teardown", "shop", "--yes")
    assert refused.code == 2
    assert " ".join(refused.err.split()) == (
        "The stack blog stands on the hosts of shop, so nothing was touched. First: tenfold teardown blog"
    )


def test_who_cannot_be_asked_says_so_beforehand(cli: Cli, silent: str) -> None:
    refused = cli("hosts", "recover", "shop")
    assert refused.code == 2
    assert "Say that you mean it: tenfold hosts recover shop --yes" in " ".join(refused.err.split())


def test_the_history_of_a_fleet(cli: Cli, silent: str) -> None:
    assert "provision" in cli.text("hosts", "history", "wiki")
    assert cli.text("hosts", "history", "shop") == "No run yet.\n"
    assert cli.json("hosts", "history", "wiki")["runs"][0]["kind"] == "fleet"
