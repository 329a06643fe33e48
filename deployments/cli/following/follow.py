"""Following a run to its end."""

import time
from typing import Protocol

from deployments.cli.following.watch import Seen
from infra_specs.errors import ServerError

pause_seconds = 0.25
patience_seconds = 60.0
"""How long the server may be silent while a run is followed: it is restarted when it dies, and the run goes on."""


class Watched(Protocol):
    """A run that can be looked at; raises ServerError while that is not possible."""

    def look(self) -> Seen: ...


class Eyes(Protocol):
    """What shows a run while it is followed."""

    def see(self, seen: Seen) -> None: ...


def follow(run: Watched, eyes: Eyes) -> Seen:
    """Look until the run has ended, and return the last look. A server that is away for a moment is asked again."""
    answered = time.monotonic()
    while True:
        try:
            seen = run.look()
        except ServerError:
            if time.monotonic() - answered > patience_seconds:
                raise
        else:
            answered = time.monotonic()
            eyes.see(seen)
            if seen.flow_run.ended:
                return seen
        time.sleep(pause_seconds)
