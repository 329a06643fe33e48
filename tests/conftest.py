"""What the whole run says at its end."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

# Where others wait for the result, the same examples each time; at a desk, new ones.
settings.register_profile("steady", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("steady")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """At how many points a run was killed and ended as an undisturbed one does."""
    tried: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "points":
                tried[Path(report.fspath).name] += int(str(value))
    for file, points in tried.items():
        terminalreporter.write_line(f"{file}: killed at {points} points, each ended as undisturbed")
