"""BuildKit's account of a build: its steps, their output, and the one that failed.

The engine sends it as messages of `moby.buildkit.v1.StatusResponse`: field 1 holds steps (name 3, cached 4, started 5,
error 7, by digest 1), field 3 their output (text 4, by the step's digest 1).
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.providers.docker.buildkit.wire import fields, texts

LAST_LINES = 20
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_STEP = "Step "
_NUMBERED = re.compile(r"\[(?:(.*) )?(\d+/\d+)\] (.*)")
"""An instruction: its stage, its number there, and its text. Other steps are BuildKit's own."""
_CANCELLED = "context canceled"
"""Steps that were stopped because another failed."""


@dataclass(slots=True)
class Step:
    """One instruction of a Dockerfile."""

    name: str = ""
    started: bool = False
    cached: bool = False
    error: str = ""
    last: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    """Its last whole lines."""
    begun: str = ""
    """The line that is not whole yet."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The last lines of its output, the unfinished one too."""
        return (*self.last, *_shown([self.begun]))[-LAST_LINES:]


class Trace:
    """Reads the messages of one build."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}
        self._told: set[str] = set()

    def read(self, message: bytes) -> Iterator[str]:
        """The steps that began with this message, in words. Raises BrokenMessage."""
        for number, part in fields(message):
            if isinstance(part, bytes) and number == 1:
                yield from self._step(part)
            elif isinstance(part, bytes) and number == 3:
                self._output(part)

    @property
    def failed(self) -> Step | None:
        """The step that ended the build."""
        return next((step for step in self._steps.values() if step.error and _CANCELLED not in step.error), None)

    def _step(self, part: bytes) -> Iterator[str]:
        words = texts(part)
        digest, step = words[1], self._of(words[1])
        step.name = _in_words(" ".join(words.get(3, "").split()))
        step.error = words.get(7, "").strip()
        step.started = 5 in words
        step.cached = (4, 1) in fields(part)
        if (step.started or step.cached) and digest not in self._told:
            self._told.add(digest)
            if step.name.startswith(_STEP):
                yield f"{step.name}{' (cached)' if step.cached else ''}"

    def _output(self, part: bytes) -> None:
        words = texts(part)
        step = self._of(words[1])
        *whole, step.begun = f"{step.begun}{words.get(4, '')}".split("\n")
        step.last.extend(_shown(whole))

    def _of(self, digest: str) -> Step:
        return self._steps.setdefault(digest, Step())


def _in_words(name: str) -> str:
    """`[web 2/3] RUN make` as `Step 2/3 of web : RUN make`."""
    if not (match := _NUMBERED.fullmatch(name)):
        return name
    stage = f" of {match[1]}" if match[1] else ""
    return f"{_STEP}{match[2]}{stage} : {match[3]}"


def _shown(lines: list[str]) -> Iterator[str]:
    """As a terminal would show them: without colours, and of a line that is written over its last state."""
    for line in lines:
        shown = _COLOURS.sub("", line).rstrip().rpartition("\r")[2].strip()
        if shown:
            yield shown
