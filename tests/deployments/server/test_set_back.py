"""A clock that is set back has the server started again; one that is set right or ahead does not."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from httpx import ConnectError

from deployments.server import set_back
from deployments.server.set_back import SetBack

pytestmark = pytest.mark.pure


class Server:
    """A server with two runs that a schedule made, and one that somebody asked for."""

    def __init__(self) -> None:
        self.runs = [SimpleNamespace(id=name, auto_scheduled=name != "theirs") for name in ("one", "theirs", "two")]
        self.is_away = False

    async def read_flow_runs(self, **_: Any) -> list[Any]:
        if self.is_away:
            raise ConnectError("the server is away")
        return list(self.runs)

    async def delete_flow_run(self, run: str) -> None:
        self.runs = [known for known in self.runs if known.id != run]


@pytest.mark.parametrize(
    ("steps", "restarts"),
    [
        ([0, 0], 0),
        ([3600], 0),
        ([-3600], 1),
        ([-3600, -3600], 1),
        ([-3600, 0], 1),
        ([3600, 0, -20], 1),
        ([-5, -10, -15], 0),
        ([-31], 1),
    ],
)
async def test_how_often_it_is_started_again(
    steps: list[float], restarts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`steps`: what the clock is ahead of its first time at each look."""
    ahead, ended = [0.0], list[str]()
    monkeypatch.setattr(set_back, "_ahead", lambda: ahead[0])
    monkeypatch.setattr(SetBack, "_restart", lambda _: ended.append("server"))
    looks, server = SetBack(Path("/nowhere")), Server()
    for step in steps:
        ahead[0] = step
        await looks.look(cast("Any", server))
    assert len(ended) == restarts
    assert [run.id for run in server.runs] == (["theirs"] if restarts else ["one", "theirs", "two"])


async def test_a_server_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead, ended = [0.0], list[str]()
    monkeypatch.setattr(set_back, "_ahead", lambda: ahead[0])
    monkeypatch.setattr(SetBack, "_restart", lambda _: ended.append("server"))
    looks, server = SetBack(Path("/nowhere")), Server()
    ahead[0], server.is_away = -3600.0, True
    with pytest.raises(ConnectError):
        await looks.look(cast("Any", server))
    server.is_away = False
    await looks.look(cast("Any", server))
    assert ended == ["server"]
