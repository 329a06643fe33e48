"""Notes what each test of a lane takes, so that the next run's lanes are equally long, and which failed."""

import time
from collections import defaultdict

import pytest

from tests.support.lanes import Lane
from tests.support.times import lane_times, last_run, write


class Recorder:
    """A plugin of pytest for one lane of a tier."""

    def __init__(self, tier: str, lane: Lane) -> None:
        self._tier, self._lane = tier, lane
        self._began = time.monotonic()
        self._seconds: dict[str, float] = defaultdict(float)
        self._failed: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[report.nodeid] += report.duration
        if report.failed:
            self._failed[report.nodeid] = None

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """An interrupted lane says nothing of the next one's length."""
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            whole = time.monotonic() - self._began
            write(last_run, self._tier, lane_times(str(self._lane), whole, self._seconds, self._failed))
