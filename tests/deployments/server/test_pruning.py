"""A process looks at all runs once, and then at those that ended lately: however many stay, a round costs the same."""

from datetime import timedelta
from typing import Any

import pytest
from prefect.client.schemas.filters import FlowRunFilter

from deployments.server.prune_runs import EVERY_SECONDS, Pruning

pytestmark = pytest.mark.pure


class Server:
    def __init__(self) -> None:
        self.asked: list[Any] = []

    async def read_flow_runs(self, flow_run_filter: FlowRunFilter, **_: Any) -> list[Any]:
        self.asked.append(flow_run_filter.end_time)
        return []


async def test_rounds_overlap_and_do_not_begin_anew() -> None:
    server, pruning = Server(), Pruning()
    client: Any = server
    for _ in range(3):
        await pruning.look(client)
    first, second, third = server.asked
    assert first.after_ is None
    assert first.before_ - second.after_ >= timedelta(seconds=EVERY_SECONDS), "what ended meanwhile is seen by the next"
    assert second.after_ <= third.after_
