"""The report flow: each stack's week as an artifact, and a stack that cannot be read as a note."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client

from flows.provision import provision
from flows.report import report
from tests.flows.faults import Faulty, target
from tests.flows.going import done, failed
from tests.flows.shop import shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]
__all__ = ["target"]  # a fixture


async def test_the_week_of_each_stack_is_an_artifact(target: Faulty, home: Path) -> None:
    assert await done(report) == "0 written"
    for name in ("shop", "blog"):
        await done(provision, spec=shop(name, needs=False), source="/srv")
    assert await done(report, stack="shop") == "1 written"
    with closing(sqlite3.connect(home / "ledger.db")) as connection, connection:
        connection.execute("UPDATE stacks SET spec = '{broken' WHERE name = 'blog'")
    message = await done(report)
    assert message.startswith("1 written; blog: ")
    async with get_client() as client:
        asked = {"artifacts": {"key": {"any_": ["report-shop"]}}}
        artifacts = (await client.request("POST", "/artifacts/filter", json=asked)).json()
    assert len(artifacts) == 2
    assert artifacts[0]["data"].startswith("## shop: ")
    assert "No stack is called `nobody`" in await failed(report, stack="nobody")
