"""What happens in each round, from a seed. Nothing here touches a process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

Action = Literal["kill", "freeze", "stop"]
"""SIGKILL, SIGSTOP, and being asked to end."""
WATCHERS = ("supervisor", "guardian", "plane supervisor", "plane guardian")
"""Asked to end, these end what they keep on purpose, as for a reboot: they are killed and frozen only."""
TWO_AT_ONCE = 0.3


@dataclass(frozen=True, slots=True)
class Accident:
    """One thing that befalls one process."""

    action: Action
    victim: str

    def __str__(self) -> str:
        return f"{self.action} {self.victim}"


def rounds(seed: int, count: int, victims: Sequence[str]) -> Iterator[tuple[Accident, ...]]:
    """One or two accidents a round. Equal seeds give equal rounds; each victim is met before one is met again."""
    random, waiting = Random(seed), list[str]()
    for _ in range(count):
        accidents = list[Accident]()
        for _ in range(2 if random.random() < TWO_AT_ONCE else 1):
            waiting = waiting or random.sample(list(victims), len(victims))
            victim = waiting.pop()
            actions: tuple[Action, ...] = ("kill", "freeze") if victim in WATCHERS else ("kill", "freeze", "stop")
            if victim not in {accident.victim for accident in accidents}:
                accidents.append(Accident(random.choice(actions), victim))
        yield tuple(accidents)
