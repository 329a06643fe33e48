"""The same question of several threads, asked once for all of them."""

import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Asks about something by its name. Who asks while an answer is under way waits for the next one, with all others
    who do: nobody gets an answer that was begun before it had asked. What asking raises is raised to each of them."""

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
