"""What the watchdog says of checks after it began: that they come, that they do not, or that nobody knows yet."""

import asyncio
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from deployments.server.watchdog import Watchdog
from tasks.ledger import Check

BEGAN = 10_000.0


@pytest.mark.parametrize(
    ("last", "seconds", "told"),
    [
        (Check(BEGAN - 10, 1.0, 1, ""), 5.0, ""),
        (Check(BEGAN - 600, 1.0, 1, ""), 5.0, None),
        (None, 5.0, None),
        (Check(BEGAN - 600, 1.0, 1, ""), 50.0, "No service is scaled: a check is due every 15 s"),
        (None, 50.0, "No service is scaled: a check is due every 15 s, and there never was one."),
        (Check(BEGAN + 40, 1.0, 1, ""), 50.0, ""),
    ],
)
def test_a_check_that_may_yet_come_is_not_taken_for_one(
    monkeypatch: pytest.MonkeyPatch, last: Check | None, seconds: float, told: str | None
) -> None:
    moment, faults = BEGAN, list[str | None]()
    ledger = mock.MagicMock()
    ledger.__enter__.return_value = SimpleNamespace(checks=SimpleNamespace(last=lambda: last))
    here: Any = SimpleNamespace(autoscale_seconds=15.0)
    client: Any = None
    monkeypatch.setattr("deployments.server.watchdog.now", lambda: moment)
    monkeypatch.setattr("deployments.server.watchdog.Ledger.open", lambda _: ledger)
    monkeypatch.setattr("deployments.server.watchdog.emit_event", lambda *_, **__: None)
    monkeypatch.setattr("deployments.server.watchdog.evaluate_silence", lambda _, fault: faults.append(fault))
    watchdog = Watchdog(here)
    moment += seconds
    asyncio.run(watchdog.look(client))
    (fault,) = faults
    assert fault == told or bool(told and fault and fault.startswith(told))
