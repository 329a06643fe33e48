"""Deploy, rollback, releases and diff, from the words typed to the run and the output."""

from collections.abc import Callable

import pytest

from deployments.cli.installation import Installation
from infra_specs.desired import manifest_of_file
from infra_specs.releases.change import with_deploy
from infra_specs.releases.manifest import ReleaseManifest, with_absolute_paths
from infra_specs.releases.selection import ReleaseState
from tasks.ledger import Lease, Owner
from tasks.stack.record import recorded_snapshot
from tests.deployments.cli.cli import Cli
from tests.deployments.cli.test_submit import Server, server

Provision = Callable[[], object]
__all__ = ["server"]  # a fixture


@pytest.fixture
def shop(provisioned: Provision, installation: Installation) -> Lease:
    """A stack with two releases: a provision, and a deploy of another command."""
    provisioned()
    lease = installation.ledger.locks.acquire("shop", Owner.here("deploy", "run-2"), 600)
    snapshot = recorded_snapshot(installation.ledger, "shop")
    stack, source, file = snapshot.stack, snapshot.source, manifest_of_file(snapshot)
    first = ReleaseManifest(file.services, {})
    second = with_deploy(stack, first, "web", {"command": "run --new"}, {"THEME": "dark"})
    for verb, content in (("provision", first), ("deploy", ReleaseManifest(with_absolute_paths(second, source), {}))):
        release = installation.ledger.releases.begin(lease, verb, f"by {verb}", content=content, file=file)
        installation.ledger.releases.prove(lease, release.number)
    return lease


def test_deploy_shows_what_changes_and_submits_it(
    cli: Cli, shop: Lease, installation: Installation, server: Server
) -> None:
    installation.ledger.secrets.set("shop", "stripe", "sk_live_1")
    output = cli.text(
        "deploy", "shop", "--command", "run --newer", "-e", "COLOUR=blue=ish", "-e", "EMPTY=", "--secret",
        "KEY=stripe", "--unset", "THEME", "--canary", "5", "--wait",
    )  # fmt: skip
    for line in (
        "web: command run --new -> run --newer", "web: env COLOUR set to blue=ish", "web: env EMPTY set to empty",
        "web: env KEY set to secret stripe", "web: env THEME removed, was dark",
    ):  # fmt: skip
        assert line in output
    ((flow, parameters),) = server.submitted
    env = {"COLOUR": "blue=ish", "EMPTY": "", "KEY": {"secret": "stripe"}, "THEME": None}
    assert flow == "deploy"
    assert parameters == {
        "stack": "shop", "service": "", "command": "run --newer", "env": env, "canary": 5, "bake": 60, "wait": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--image", "app 2"), "services.web.image: found `app 2`"),
        (("-e", "THEME"), "--env: found `THEME`, write NAME=VALUE."),
        (("--service", "api", "--command", "x"), "shop has no service `api`. It has: web."),
    ],
)
def test_a_wrong_deploy_is_refused_and_not_submitted(
    cli: Cli, shop: Lease, server: Server, words: tuple[str, ...], error: str
) -> None:
    ended = cli("deploy", "shop", *words)
    assert (ended.code, server.submitted) == (2, [])
    assert error in ended.err


def test_rollback_submits_the_release_that_it_shows(cli: Cli, shop: Lease, server: Server) -> None:
    output = cli.text("rollback", "shop")
    assert "shop: back to release 1" in output
    assert "web: command run --new -> run" in output
    assert server.submitted == [("rollback", {"stack": "shop", "release": 1, "wait": False})]


def test_releases_are_listed_and_the_one_that_runs_is_marked(cli: Cli, shop: Lease, installation: Installation) -> None:
    content = installation.ledger.releases.all("shop")[0].content
    bad = installation.ledger.releases.begin(shop, "deploy", "web: image app:3", content=content, file=content)
    installation.ledger.releases.end(
        shop, bad.number, ReleaseState.FAILED, "replica/web-0 of shop exited with 1.\nmore"
    )
    rows = [line.split() for line in cli.text("releases", "shop").splitlines()]
    assert [row[:3] for row in rows[1:]] == [["▸", "2", "proven"], ["1", "proven", "provision"]]
    assert " ".join(rows[0]).startswith(
        "3 failed deploy just now web: image app:3: replica/web-0 of shop exited with 1."
    )
    newest = cli.json("releases", "shop", "-n", "2")["releases"]
    assert [(release["number"], release["runs"]) for release in newest] == [(3, False), (2, True)]
    assert newest[1]["content"]["services"]["web"]["command"] == ["run", "--new"]


def test_diff_of_what_runs_and_of_two(cli: Cli, shop: Lease) -> None:
    lines = ["web: command run -> run --new", "web: env THEME plain -> dark"]
    assert cli.text("diff", "shop").splitlines() == ["shop: release 1 -> release 2", *(f"  {line}" for line in lines)]
    assert cli.json("diff", "shop", "1") == {"stack": "shop", "from": 1, "to": 2, "differences": lines}
    assert cli.text("diff", "shop", "2", "1").splitlines()[1] == "  web: command run --new -> run"
    assert "the same runs in both" in cli.text("diff", "shop", "2", "2")
    ended = cli("diff", "shop", "1", "9")
    assert (ended.code, "no release 9" in ended.err) == (1, True)


def test_status_tells_of_the_release(cli: Cli, shop: Lease, installation: Installation) -> None:
    assert ", release 2, last changed" in cli.text("status", "shop").splitlines()[0]
    content = installation.ledger.releases.all("shop")[0].content
    installation.ledger.releases.begin(shop, "deploy", "web", content=content, file=content)
    assert "release 3 is on its way" in cli.text("status", "shop")
    installation.ledger.releases.end(shop, 3, ReleaseState.FAILED, "no room.")
    assert "release 3 was not proven; release 2 is brought back on a timer: tenfold releases shop" in cli.text(
        "status", "shop"
    )
    assert [release["state"] for release in cli.json("status", "shop")["stacks"][0]["releases"]] == ["failed", "proven"]
