"""A thread pool for calls that may hang: the process exits without waiting for them."""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
A = TypeVar("A")
R = TypeVar("R")


class DaemonPool:
    """At most `at_once` daemon threads. Each ends when there is no work left."""

    def __init__(self, at_once: int, name: str) -> None:
        self._at_once, self._name = at_once, name
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._at_work = 0

    def submit(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> "Future[R]":
        """Call the function in a thread. The future has its result or its error."""
        future: Future[R] = Future()
        with self._lock:
            self._waiting.append((future, lambda: function(*args, **kwargs)))
            begins = self._at_work < self._at_once
            self._at_work += begins
        if begins:
            threading.Thread(target=self._work, name=self._name, daemon=True).start()
        return future

    def map(self, function: Callable[[A], R], items: Iterable[A]) -> list[R]:
        """The results for all items, in order. Blocks; raises the first error."""
        futures = [self.submit(function, item) for item in items]
        return [future.result() for future in futures]

    def drop(self) -> None:
        """Cancel all waiting calls: their futures raise CancelledError."""
        with self._lock:
            dropped = [future for future, _ in self._waiting]
            self._waiting.clear()
        for future in dropped:
            future.cancel()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._at_work -= 1
                    return
                future, call = self._waiting.popleft()
            try:
                future.set_result(call())
            except BaseException as error:  # told to the one who waits for the answer
                future.set_exception(error)
