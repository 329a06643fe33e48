"""What a whole run says at its end: the points at which it killed, what faults came to, and what it skipped."""

from collections import Counter
from pathlib import Path

import pytest


def points(reporter: pytest.TerminalReporter) -> list[str]:
    """At how many points a run was killed and ended as an undisturbed one does."""
    tried: Counter[str] = Counter()
    for report in reporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "points":
                tried[Path(report.fspath).name] += int(str(value))
    return [f"{file}: killed at {number} points, each ended as undisturbed" for file, number in tried.items()]


def faults(reporter: pytest.TerminalReporter) -> list[str]:
    """What each fault came to."""
    return [
        str(value)
        for report in reporter.getreports("passed")
        for name, value in report.user_properties
        if name == "fault" and report.when == "call"
    ]


def skipped(reporter: pytest.TerminalReporter) -> list[str]:
    """How many tests were not tried, by the reason."""
    reasons: Counter[str] = Counter()
    for report in reporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    return [f"NOT TRIED: {number} tests: {reason}" for reason, number in reasons.most_common()]
