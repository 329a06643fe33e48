"""Secrets reach what needs them and are nowhere else: not in a plan, a run, an artifact, a log, or plain in a file."""

import json
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.settings import get_current_settings

from flows.provision import provision
from flows.scale import scale
from infra_specs.errors import ProviderError
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tests.flows.faults import Faulty, target
from tests.flows.shop import shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]
__all__ = ["target"]  # a fixture
users_own = "sk_live_51HexactlyOnce"


async def test_secrets_reach_replicas_and_nothing_else(
    target: Faulty, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Ledger.open(settings()) as ledger:
        ledger.secrets.set("shop", "stripe", users_own)
    spec = shop(env={"STRIPE_KEY": {"secret": "stripe"}})
    target.fails["replica/web-1"] = [ProviderError("no room.")]
    assert (await provision(spec=spec, source="/srv", return_state=True)).is_failed()
    assert (await provision(stack="shop", return_state=True)).is_completed()
    assert (await scale(stack="shop", service="web", replicas=3, return_state=True)).is_completed()

    with Ledger.open(settings()) as ledger:
        database, cache = (ledger.secrets.value("shop", f"{need}-password", 1) for need in ("database", "cache"))
        history = ledger.runs.history("shop", 10)
    env = target.env["replica/web-0"]
    assert env["STRIPE_KEY"] == users_own
    assert f":{database}@" in env["DATABASE_URL"]
    assert f":{cache}@" in env["CACHE_URL"]

    ours = b"".join(file.read_bytes() for file in home.glob("ledger.db*"))
    places = {"ledger": ours, "history": repr(history).encode(), "log": caplog.text.encode(), **await everything_told()}
    assert b"provision shop" in places["flow_runs"]
    assert b"create" in places["artifacts"]
    assert b"Plan: " in places["logs"]
    leaks = [
        (location, name)
        for location, text in places.items()
        for name, value in (("stripe", users_own), ("database", database), ("cache", cache))
        if value.encode() in text
    ]
    assert leaks == []


async def everything_told() -> dict[str, bytes]:
    """All that Prefect's server answers about runs, of every kind."""
    url = get_current_settings().api.url
    assert url is not None
    kinds = ("flow_runs", "task_runs", "artifacts", "logs")
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        told = {kind: await _pages(client, kind) for kind in kinds}
        events = await client.post("/events/filter", json={"limit": 50})
        told["events"] = events.raise_for_status().content
    return told


async def _pages(client: httpx.AsyncClient, kind: str) -> bytes:
    pages: list[Any] = []
    while page := (await client.post(f"/{kind}/filter", json={"limit": 200, "offset": 200 * len(pages)})).json():
        assert isinstance(page, list), page
        pages.append(page)
    return json.dumps(pages, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ProviderError(f"the engine refused: KEY={users_own}"), "the engine refused: KEY=[secret stripe]"),
        (RuntimeError(f"a bug with {users_own!r}"), "RuntimeError: RuntimeError: a bug with '[secret stripe]'"),
        (KeyError(users_own), "RuntimeError: KeyError: '[secret stripe]'"),
    ],
)
async def test_an_error_tells_no_secret(
    target: Faulty, caplog: pytest.LogCaptureFixture, error: Exception, told: str
) -> None:
    with Ledger.open(settings()) as ledger:
        ledger.secrets.set("shop", "stripe", users_own)
    target.fails["replica/web-1"] = [error]  # type: ignore[list-item]
    spec = shop(env={"STRIPE_KEY": {"secret": "stripe"}})
    state = await provision(spec=spec, source="/srv", return_state=True)
    assert state.is_failed()
    assert told in (state.message or "")
    with Ledger.open(settings()) as ledger:
        places = {"history": repr(ledger.runs.history("shop", 10)).encode(), **await everything_told()}
    places["log"] = caplog.text.encode()
    assert [location for location, text in places.items() if users_own.encode() in text] == []
