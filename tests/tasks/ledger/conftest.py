"""A ledger in both databases; other processes to share it with."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.base.settings import Settings
from tasks.ledger import Lease, Ledger, Owner
from tasks.ledger.database import Database
from tests.support.postgres import Postgres, running_postgres
from tests.tasks.ledger.child import Child

spec = {"name": "shop", "target": {"provider": "local"}}


@pytest.fixture(scope="package")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.local)])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An installation whose ledger is not there yet."""
    home = tmp_path / "home"
    if request.param == "sqlite":
        return Settings(home=home)
    return Settings(home=home, ledger_url=request.getfixturevalue("postgres").new_schema())


@pytest.fixture
def ledger(here: Settings) -> Iterator[Ledger]:
    with Ledger.open(here) as opened:
        yield opened


@pytest.fixture
def database(here: Settings, ledger: Ledger) -> Iterator[Database]:
    """The ledger's database, to look into it."""
    opened = Database(here.ledger_url)
    yield opened
    opened.close()


@pytest.fixture
def me() -> Owner:
    return Owner.here("provision")


@pytest.fixture
def gone(me: Owner) -> Owner:
    """An owner whose pid belongs to another process now."""
    return replace(me, started="1")


@pytest.fixture
def elsewhere(me: Owner) -> Owner:
    """An owner on another machine."""
    return replace(me, host="far", boot="another", flow_run_id="f-1")


@pytest.fixture
def lease(ledger: Ledger, me: Owner) -> Lease:
    return ledger.locks.acquire("shop", me, 600)


@pytest.fixture
def child(here: Settings) -> Iterator[Callable[[], Child]]:
    """Makes a process that has the ledger open."""
    with ExitStack() as children:

        def made() -> Child:
            one = Child()
            children.callback(one.end)
            assert one.ask("open", str(here.home), here.ledger_url) == "open"
            return one

        yield made


@pytest.fixture(scope="package")
def ten() -> Iterator[list[Child]]:
    """Ten processes that have no ledger open yet."""
    with ExitStack() as children:
        made = [Child() for _ in range(10)]
        for one in made:
            children.callback(one.end)
        yield made
