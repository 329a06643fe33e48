"""One lock for each stack and address, among the threads of this process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class _Entry:
    lock: threading.RLock = field(default_factory=threading.RLock)
    users: int = 0


class AddressLocks:
    """Locks that exist as long as somebody holds them or waits for them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._entries: dict[tuple[str, str], _Entry] = {}

    @contextmanager
    def alone(self, stack: str, address: str) -> Iterator[None]:
        """Alone at this address for the length of the block. A thread that is alone already stays so."""
        key = (stack, address)
        with self._guard:
            entry = self._entries.setdefault(key, _Entry())
            entry.users += 1
        try:
            with entry.lock:
                yield
        finally:
            with self._guard:
                entry.users -= 1
                if not entry.users:
                    del self._entries[key]
