"""Following a run to its end."""

import time
from typing import Protocol

from deployments.cli.following.watch import Snapshot
from infra_specs.errors import ServerError

PAUSE_SECONDS = 0.25
PATIENCE_SECONDS = 60.0
"""How long the server may be silent while a run is followed: it is restarted when it dies, and the run goes on."""


class Watched(Protocol):
    """A run that can be looked at; raises ServerError while that is not possible."""

    def look(self) -> Snapshot: ...


class Eyes(Protocol):
    """What shows a run while it is followed."""

    def see(self, seen: Snapshot) -> None: ...


def follow(run: Watched, eyes: Eyes) -> Snapshot:
    """Look until the run has ended, and return the last look. A server that is away for a moment is asked again."""
    answered = time.monotonic()
    while True:
        try:
            seen = run.look()
        except ServerError:
            if time.monotonic() - answered > PATIENCE_SECONDS:
                raise
        else:
            answered = time.monotonic()
            eyes.see(seen)
            if seen.flow_run.ended:
                return seen
        time.sleep(PAUSE_SECONDS)
