"""A request that may make a run due is heard of by the process that takes runs."""

import asyncio
from pathlib import Path

import httpx
import pytest

from deployments.server.due_push import DuePush, Pushing, hear_pushes, makes_runs
from tests.deployments.server.door import URL, Inside

pytestmark = pytest.mark.pure
ID = "9b3a2f6e-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("method", "path", "makes"),
    [
        ("POST", f"/api/deployments/{ID}/create_flow_run", True),
        ("POST", f"/api/deployments/{ID}/create_flow_run/bulk", True),
        ("POST", "/api/flow_runs/", True), ("POST", f"/api/flow_runs/{ID}/resume", True),
        ("GET", "/api/flow_runs/", False), ("POST", f"/api/flow_runs/{ID}/set_state", False),
        ("POST", "/api/flow_runs/filter", False), ("POST", "/api/deployments/filter", False),
        ("POST", "/api/logs/", False), ("POST", f"/x/api/deployments/{ID}/create_flow_run", False),
    ],
)  # fmt: skip
def test_which_requests_make_runs(method: str, path: str, makes: bool) -> None:
    assert makes_runs(method, path) is makes


@pytest.mark.parametrize("folders", [0, 30], ids=["short", "longer than a socket's name may be"])
async def test_it_is_heard_once_the_request_is_answered(tmp_path: Path, folders: int) -> None:
    folder = tmp_path.joinpath(*["folder"] * folders)
    folder.mkdir(parents=True, exist_ok=True)
    heard, inside = asyncio.Event(), Inside()
    push = DuePush(folder / "due.sock")
    push()  # nobody hears it yet
    hearing = await hear_pushes(folder / "due.sock", heard.set)
    transport = httpx.ASGITransport(Pushing(inside, push))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        assert (await client.post("/api/flow_runs/filter")).status_code == 204
        assert (await client.post(f"/api/deployments/{ID}/create_flow_run")).status_code == 204
    await asyncio.wait_for(heard.wait(), 30)
    hearing.close()
