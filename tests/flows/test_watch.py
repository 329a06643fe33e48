"""A release is watched after it took over, from reconcile to reconcile, and undone if it does clearly worse."""

import asyncio
from pathlib import Path

import pytest

from flows.deploy import deploy
from flows.engine import watch as watching
from flows.provision import provision
from flows.reconcile import reconcile
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Ledger, Release
from tasks.providers.memory import MemoryProvider
from tasks.providers.memory.simulated_load import Load
from tests.flows.going import done
from tests.flows.shop import observed, shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]


def releases() -> tuple[Release, ...]:
    with Ledger.open(settings()) as ledger:
        return ledger.releases.all("shop")


def digests(home: Path) -> set[str]:
    return {one.digests["command"] for one in observed(home) if one.kind == "replica"}


async def asked(home: Path, failing: float) -> None:
    """Users have asked some thousand times, and this part of their requests has failed."""
    MemoryProvider(home / "memory").set_load("shop", "web", Load(20_000.0, failing=failing, since=now()))
    await asyncio.sleep(0.5)


async def test_one_that_fails_its_requests_is_undone(home: Path) -> None:
    await done(provision, spec=shop(needs=False), source="/srv")
    before = digests(home)
    await asked(home, 0.0)
    message = await done(deploy, stack="shop", command="run --bad")
    assert message.endswith("; watched for 60 s")
    await asked(home, 0.9)
    await done(reconcile, stack="shop")
    assert digests(home) == before
    bad, good = releases()
    assert (bad.state, good.state) == ("undone", "proven")
    assert bad.message.startswith("release 2 did clearly worse than the one before it. web: ")
    assert "Fisher's exact test" in bad.message
    await done(reconcile, stack="shop")
    assert digests(home) == before


async def test_one_that_is_as_good_stays_and_its_verdict_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await done(provision, spec=shop(needs=False), source="/srv")
    await asked(home, 0.1)
    await done(deploy, stack="shop", command="run --new")
    await asked(home, 0.1)
    await done(reconcile, stack="shop")
    watched = releases()[0].watch
    assert watched is not None
    assert not watched.verdict
    monkeypatch.setattr(watching, "now", lambda: now() + 61)
    await done(reconcile, stack="shop")
    ended = releases()[0].watch
    assert ended is not None
    assert ended.verdict.startswith("web: ")
    assert releases()[0].state == "proven"


async def test_without_traffic_nothing_is_concluded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await done(provision, spec=shop(needs=False), source="/srv")
    await done(deploy, stack="shop", command="run --new")
    monkeypatch.setattr(watching, "now", lambda: now() + 61)
    await done(reconcile, stack="shop")
    watched = releases()[0].watch
    assert watched is not None
    assert watched.verdict == "web: no request came, so nothing is concluded"


async def test_by_zero_nothing_is_watched(home: Path) -> None:
    await done(provision, spec=shop(needs=False, watch=0), source="/srv")
    await asked(home, 0.0)
    message = await done(deploy, stack="shop", command="run --bad")
    assert "watched" not in message
    await asked(home, 0.9)
    await done(reconcile, stack="shop")
    assert [release.state for release in releases()] == ["proven", "proven"]
