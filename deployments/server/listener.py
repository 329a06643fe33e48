"""One target that tells what befell its stacks, heard in a thread of its own."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from infra_specs.errors import TenfoldError
from infra_specs.plan.drift import Event
from infra_specs.stackfile.models.target import Target
from tasks.providers import opened
from tasks.providers.seam.reconnect import Reconnect

WAIT_SECONDS = 5.0
"""So soon a stack that was added is heard, and one that is gone is not."""
log = logging.getLogger(__name__)


class Listener:
    """Hears of all `stacks` of one machine, which may change at any time. `tell` is called in its thread."""

    def __init__(self, target: Target, home: Path, tell: Callable[[Event], None]) -> None:
        self.stacks: frozenset[str] = frozenset()
        self._target, self._home, self._tell = target, home, tell
        self._closing = threading.Event()

    def start(self) -> None:
        """Hear from now on."""
        threading.Thread(target=self._listen, name=f"listen-{self._target.provider}", daemon=True).start()

    def close(self) -> None:
        """Hear nothing more. Its thread ends soon."""
        self._closing.set()

    def _listen(self) -> None:
        again = Reconnect()
        while not self._closing.wait(again.seconds):
            try:
                with opened(self._target, self._home) as provider:
                    if provider.events is None:
                        return
                    if again.opened():
                        self._tell_missed()
                    while not self._closing.is_set():
                        for event in provider.events.wait(self.stacks, WAIT_SECONDS):
                            if not self._closing.is_set():
                                self._tell(event)
            except TenfoldError as error:
                log.warning("The %s target of %s is not heard: %s", self._target.provider, self._shown(), error)
            except Exception:  # nobody awaits this thread: what ends it would end the listening
                log.exception("The %s target of %s is not heard.", self._target.provider, self._shown())
            again.broke()

    def _tell_missed(self) -> None:
        for stack in self.stacks:
            self._tell(Event(stack, "", "missed", "is heard again"))

    def _shown(self) -> str:
        return ", ".join(sorted(self.stacks)) or "no stack"
