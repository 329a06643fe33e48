"""One contender through its whole life, timed by the judge outside."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.docker.judge import Condition, Judge
from benchmarks.docker.stack import PORT, Contender, Images
from benchmarks.load import Load, Result

FEW, MANY = 3, 6
RATE = 200.0
PATH = "/slow?seconds=0.01"
"""A request that waits rather than computes; those in flight are two on average."""
CALM_SECONDS = 1.0
"""Load before and after a release."""
VERBS = ("up", "again", "3 to 6", "6 to 3", "release", "down")


@dataclass(frozen=True, slots=True)
class StackTimes:
    """Seconds by verb, and what the users of the release met."""

    seconds: dict[str, float]
    load: Result


def whole_life(contender: Contender, images: Images, title: str) -> StackTimes:
    """Up, nothing to do, more, fewer, a release under load, down. It is down afterwards in any case."""
    one, two = images.app("1"), images.app("2")
    seconds: dict[str, float] = {}

    def timed(verb: str, act: Callable[[], None], until: Condition | None) -> None:
        seconds[verb] = moment(act, until)
        print(f"{title} {contender.name}: {verb} {seconds[verb]:.2f} s", flush=True)

    contender.prepare()
    try:
        timed("up", lambda: contender.up(FEW, one), Condition(one, FEW))
        timed("again", contender.again, None)
        timed("3 to 6", lambda: contender.scale(MANY), Condition(one, MANY))
        timed("6 to 3", lambda: contender.scale(FEW), Condition(one, FEW))
        under = Load.started(url(PATH), RATE)
        try:
            time.sleep(CALM_SECONDS)
            timed("release", lambda: contender.release(two), Condition(two, FEW))
            time.sleep(CALM_SECONDS)
        finally:
            result = under.stop()
        print(f"{title} {contender.name}: {result}", flush=True)
    finally:
        try:
            timed("down", contender.down, Condition("", 0))
        finally:
            contender.leave()
    return StackTimes(seconds, result)


def moment(act: Callable[[], None], until: Condition | None) -> float:
    """Seconds until it says that it is done, and until the judge has seen it too."""
    judge = Judge.looking(until) if until else None
    began = time.monotonic()
    try:
        act()
        ended = time.monotonic()
    except BaseException:
        if judge:
            judge.dismiss()
        raise
    return max(ended, judge.moment() if judge else 0.0) - began


def url(path: str) -> str:
    return f"http://127.0.0.1:{PORT}{path}"
