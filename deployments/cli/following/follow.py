"""Follow a run to its end."""

import time
from typing import Protocol

from deployments.cli.following.watch import Snapshot
from infra_specs.errors import ServerError

PAUSE_SECONDS = 0.25
EAGER_PAUSE_SECONDS = 0.1
EAGER_SECONDS = 3.0
"""Most runs end within so long, and a person sits before each of them: it is looked at more often."""
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
    began = answered = time.monotonic()
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
        is_young = time.monotonic() - began < EAGER_SECONDS
        time.sleep(EAGER_PAUSE_SECONDS if is_young else PAUSE_SECONDS)  # until the run ends, however long it takes
