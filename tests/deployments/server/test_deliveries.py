"""Heartbeats follow alerts that were decided, and not checks alone."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from deployments.server.deliveries import Deliveries


def test_a_heartbeat_is_called_once_for_alerts_that_were_decided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: float | None = None
    beats: list[float | None] = []
    checks = SimpleNamespace(alerts_decided=lambda: decided, last=lambda: SimpleNamespace(at=len(beats)))
    ledger = mock.MagicMock()
    ledger.__enter__.return_value = SimpleNamespace(checks=checks)
    monkeypatch.setattr("deployments.server.deliveries.Ledger.open", lambda _: ledger)
    monkeypatch.setattr("deployments.server.deliveries.bring_due", lambda _: ())

    def beat(_: object) -> tuple[str, ...]:
        beats.append(decided)
        return ()

    monkeypatch.setattr("deployments.server.deliveries.beat", beat)
    here: Any = SimpleNamespace(home=tmp_path)
    client: Any = None
    deliveries = Deliveries(here)
    for decided in (None, 10.0, 10.0, 25.0, 25.0, 25.0, 40.0):  # noqa: B007 - what the ledger tells
        asyncio.run(deliveries.look(client))
    assert beats == [25.0, 40.0], "the first is of before this process"
