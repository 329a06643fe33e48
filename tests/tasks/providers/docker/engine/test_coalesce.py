"""One answer for all who ask at once, begun after each of them asked."""

import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import pytest

from tasks.providers.docker.engine.coalesce import SingleFlight

pytestmark = pytest.mark.pure
PATIENCE = 10.0


class Asked:
    """An answer is its number; it takes until it is let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.let_go = threading.Semaphore(0)

    def __call__(self, name: str) -> int:
        self.begun.append(name)
        number = len(self.begun)
        assert self.let_go.acquire(timeout=PATIENCE)
        if name == "broken":
            raise ValueError(number)
        return number


def begun(asked: Asked, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(asked.begun) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def one_and_five_more(
    threads: Executor, ask: SingleFlight[int], asked: Asked, name: str
) -> tuple[Future[int], list[Future[int]]]:
    """One whose answer is under way, and five that ask meanwhile; all of them are let go."""
    first = threads.submit(ask, name)
    begun(asked, 1)
    later = [threads.submit(ask, name) for _ in range(5)]
    time.sleep(0.5)  # nothing shows that a thread waits
    asked.let_go.release(2)
    return first, later


def test_who_asks_meanwhile_shares_the_next_answer_and_never_the_one_under_way() -> None:
    asked = Asked()
    ask = SingleFlight(asked)
    with ThreadPoolExecutor(8) as threads:
        first, later = one_and_five_more(threads, ask, asked, "shop")
        assert first.result(PATIENCE) == 1
        assert {future.result(PATIENCE) for future in later} == {2}
        asked.let_go.release()
        assert ask("shop") == 3


def test_another_name_is_another_question() -> None:
    asked = Asked()
    ask = SingleFlight(asked)
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(ask, name) for name in ("shop", "other")]
        begun(asked, 2)
        asked.let_go.release(2)
        assert {future.result(PATIENCE) for future in both} == {1, 2}


def test_what_it_raises_is_raised_to_all_and_then_over() -> None:
    asked = Asked()
    ask = SingleFlight(asked)
    with ThreadPoolExecutor(8) as threads:
        first, later = one_and_five_more(threads, ask, asked, "broken")
        for future, number in ((first, "1"), *((later_future, "2") for later_future in later)):
            with pytest.raises(ValueError, match=f"^{number}$"):
                future.result(PATIENCE)
    asked.let_go.release()
    assert ask("shop") == 3
