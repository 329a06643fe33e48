"""The sample app with a real PostgreSQL and a real Valkey, and without them for a while."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.examples.running import Postgres, postgres, replica, valkey

pytestmark = [pytest.mark.local, pytest.mark.proof]


@pytest.fixture(scope="module")
def cache_url() -> Iterator[str]:
    with valkey() as url:
        yield url


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


def test_replicas_that_start_at_once_share_one_count(database: Postgres, cache_url: str) -> None:
    with ExitStack() as stack:
        replicas = [
            stack.enter_context(replica(DATABASE_URL=database.url, CACHE_URL=cache_url, TENFOLD_REPLICA=f"web-{slot}"))
            for slot in range(4)
        ]
        with ThreadPoolExecutor(16) as pool:  # the first of them all make the tables at the same moment
            visits = list(pool.map(lambda i: replicas[i % 4].json("/api/visit"), range(40)))
        assert [visit.get("error") for visit in visits] == [None] * 40
        assert max(visit["hits"] for visit in visits) == 40
        state = replicas[0].json("/api/state")
    assert state["database"]["visits"] == 40
    assert sorted((row["replica"], row["visits"]) for row in state["database"]["by_replica"]) == [
        (f"web-{slot}", 10) for slot in range(4)
    ]
    assert len(state["database"]["last"]) == 10
    assert state["cache"]["value"]["asked_by"] == "web-0"
    assert 0 < state["cache"]["life"] <= 15


def test_a_hostile_name_is_only_a_name(database: Postgres) -> None:
    name = "web'); drop table visits; --"
    with replica(DATABASE_URL=database.url, TENFOLD_REPLICA=name) as running:
        assert isinstance(running.json("/api/visit")["visits"], int)
        assert running.json("/api/state")["database"]["last"][0]["replica"] == name


def test_it_survives_the_database(cache_url: str) -> None:
    with postgres() as database, replica(DATABASE_URL=database.url, CACHE_URL=cache_url) as running:
        assert running.json("/api/visit")["visits"] == 1
        database.stop()
        database.start()
        assert running.json("/api/visit")["visits"] == 2  # its sleeping connection was dead

        database.stop()
        code, text = running.ask("/api/visit")
        assert code == 503
        assert "the database cannot be reached" in text
        assert str(database.port) not in text.replace(str(running.port), "")
        assert running.ask("/")[0] == 200
        assert running.ask("/healthz") == (200, "ok\n")
        assert isinstance(running.json("/api/state")["cache"]["hits"], int)
        database.start()
        assert running.json("/api/visit")["visits"] >= 3


def test_it_survives_the_cache(database: Postgres) -> None:
    with valkey() as url, replica(DATABASE_URL=database.url, CACHE_URL=url) as running:
        assert running.json("/api/visit")["hits"] == 1
        before = running.json("/api/visit")["visits"]
    with valkey() as gone:
        pass
    with replica(DATABASE_URL=database.url, CACHE_URL=gone) as running:
        code, _ = running.ask("/api/visit")
        assert code == 200
        visit = running.json("/api/visit")
        assert visit["hits"] is None
        assert visit["visits"] == before + 2
        assert "the cache cannot be reached" in running.json("/api/state")["cache"]["error"]
