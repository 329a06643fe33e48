"""A run asks the ledger once for each thing, and decides from that. Counted where SQLAlchemy sends the statements."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from flows.provision import provision
from flows.reconcile import reconcile
from tests.flows.going import done
from tests.flows.shop import shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server", "home")]


@pytest.fixture
def asked() -> Iterator[Counter[str]]:
    """How often each table was read outside of a write, by table."""
    counts = Counter[str]()

    def count(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
        reads = re.match(r"SELECT .*?\bFROM (\w+)", statement, re.DOTALL)
        if reads and not connection.get_execution_options().get("writes"):
            counts[reads[1]] += 1

    sa.event.listen(sa.Engine, "before_cursor_execute", count)
    yield counts
    sa.event.remove(sa.Engine, "before_cursor_execute", count)


ONCE = {"stacks": 1, "overrides": 1, "releases": 1}


async def test_a_provision_without_work_asks_once_for_each_thing(asked: Counter[str]) -> None:
    await done(provision, spec=shop(), source="/srv")
    asked.clear()
    assert (await done(provision, spec=shop(), source="/srv")).startswith("nothing to do")
    print("reads of a no-op provision:", dict(asked))
    assert {table: asked[table] for table in ONCE} == ONCE
    assert asked["secrets"] == 2, "their versions, and their values to redact them"


async def test_so_does_a_first_provision_and_a_repair(asked: Counter[str]) -> None:
    await done(provision, spec=shop(), source="/srv")
    assert {table: asked[table] for table in ONCE} == ONCE
    asked.clear()
    await done(reconcile, stack="shop")
    assert asked["releases"] == 1
