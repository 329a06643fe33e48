"""Coalesce equal requests of several threads into one call."""

import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Calls `ask` by name, once for all threads that wait.

    A caller that arrives during a call waits for the next one, so no answer is older than its request.
    An exception of the call is raised to every waiting caller.
    """

    def __init__(self, ask: Callable[[str], T]) -> None:
        self._ask = ask
        self._guard = threading.Lock()
        self._next: dict[str, Future[T]] = {}
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def __call__(self, name: str) -> T:
        with self._guard:
            answer, turn = self._next.get(name), self._turns[name]
            asks = answer is None
            if answer is None:
                answer = self._next[name] = Future()
        if asks:
            try:
                with turn:
                    with self._guard:
                        del self._next[name]
                    answer.set_result(self._ask(name))
            except BaseException as error:  # whatever it is, nobody may wait for ever
                with self._guard:
                    if self._next.get(name) is answer:
                        del self._next[name]
                answer.set_exception(error)
        return answer.result()
