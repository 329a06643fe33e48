"""Lanes: halves of a run that go side by side, because most tests wait for a service. They shall take equally long."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FileTime:
    """A file of tests. `shares` names what it uses together with other files, one after another, or is empty."""

    path: str
    seconds: float
    shares: str = ""


@dataclass(frozen=True)
class Lane:
    """One of `total`, counted from 1."""

    number: int
    total: int

    @classmethod
    def parsed(cls, text: str) -> "Lane":
        """Of `1/2`. Raises ValueError for everything else."""
        match = re.fullmatch(r"(\d+)/(\d+)", text)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError(f"a lane is written 1/2, and not {text}")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"


def lane_of_each(files: list[FileTime], total: int) -> Mapping[str, int]:
    """The number of the lane of each file's path.

    The longest comes first, and goes where least is. Files that share something are in one lane.
    """
    blocks: dict[str, list[FileTime]] = defaultdict(list)
    for file in files:
        blocks[file.shares or file.path].append(file)
    seconds = {name: sum(file.seconds for file in block) for name, block in blocks.items()}
    taken = dict.fromkeys(range(1, total + 1), 0.0)
    lanes: dict[str, int] = {}
    for name in sorted(blocks, key=lambda name: (-seconds[name], name)):
        number = min(taken, key=lambda number: (taken[number], number))
        taken[number] += seconds[name]
        lanes.update({file.path: number for file in blocks[name]})
    return lanes
