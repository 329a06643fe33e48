"""Follow a run to its end."""

import time
from typing import Protocol

from deployments.cli.following.watch import Snapshot
from infra_specs.errors import ServerError

PAUSE_SECONDS = 0.25
SILENCE_SECONDS = 60.0
"""Seconds that the server may be silent. It is restarted when it dies, and the run goes on meanwhile."""


class Watched(Protocol):
    """A run to look at. A look raises ServerError while the server does not answer."""

    def look(self) -> Snapshot: ...


class Display(Protocol):
    """What shows a run while it is followed."""

    def show(self, snapshot: Snapshot) -> None: ...


def follow(run: Watched, display: Display) -> Snapshot:
    """Look until the run has ended, and return the last look. Raises ServerError for a server that stays silent."""
    answered = time.monotonic()
    while True:
        try:
            snapshot = run.look()
        except ServerError:
            if time.monotonic() - answered > SILENCE_SECONDS:
                raise
        else:
            answered = time.monotonic()
            display.show(snapshot)
            if snapshot.flow_run.ended:
                return snapshot
        time.sleep(PAUSE_SECONDS)  # until the run ends, however long it takes
