"""What the processes of a stack wrote, each line with who wrote it."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from rich.console import Console
from rich.text import Text

from deployments.cli.installation import open_installation
from deployments.cli.terminal.output import console
from infra_specs.errors import PlanError, TransientError
from infra_specs.redaction import Stream
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import holds_copies, service_of
from tasks.base.known_secrets import known_secrets
from tasks.base.log_lines import new_lines, whole_lines
from tasks.providers.seam.provider import KindProvider
from tasks.stack.record import recorded_spec

PALETTE = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_green", "bright_magenta")
SILENT_KINDS = ("volume", "route")
PAUSE_SECONDS = 0.3
WINDOW_LINES = 1000
"""Lines read again at each look; who writes more in a pause than this is quoted with gaps."""


def logs(stack: str, what: str, lines: int, *, follow: bool) -> None:
    """`tenfold logs`."""
    with open_installation() as place:
        spec, _ = recorded_spec(place.ledger, stack)
        with place.target(spec) as provider:
            learn = partial(place.ledger.learn_secrets, stack)
            printer = _Printer(console(), provider, stack, what, learn=learn, follow=follow)
            printer.first(lines)
            try:
                while follow:
                    time.sleep(PAUSE_SECONDS)
                    printer.more()
            except KeyboardInterrupt:
                printer.end()


def chosen(instances: Sequence[Instance], what: str) -> list[Instance]:
    """The instances that a service's name, a kind or an address stands for; everything that writes, if empty.

    Raises PlanError naming what there is.
    """
    if not what:
        return [one for one in instances if one.kind not in SILENT_KINDS]
    found = [one for one in instances if what in (str(one), one.address, one.kind) or service_of(one.address) == what]
    if not found:
        there = ", ".join(str(one) for one in instances if one.kind not in SILENT_KINDS) or "nothing"
        raise PlanError(f"Nothing here is called `{what}`. There is: {there}.")
    return found


@dataclass(slots=True)
class _Log:
    """How far the log of an instance was read, and what of it is not told yet."""

    instance: Instance
    seen: list[str] = field(default_factory=list)
    unfinished: str = ""
    """Its last line, which has no end yet: it would be told again with its end."""
    stream: Stream = field(default_factory=lambda: Stream(lambda: known_secrets.redaction))

    def take(self, lines: Sequence[str], *, over: bool) -> list[str]:
        """What can be told of them now: a value of several lines is not begun before its end is there."""
        told = self.stream.take("".join(f"{line}\n" for line in lines)).splitlines()
        return [*told, *self.end()] if over else told

    def end(self) -> list[str]:
        """The rest of it; nothing more comes."""
        told = self.stream.take(self.unfinished) + self.stream.end()
        self.unfinished = ""
        return told.splitlines()


class _Printer:
    def __init__(
        self,
        to: Console,
        provider: KindProvider,
        stack: str,
        what: str,
        *,
        learn: Callable[[], None],
        follow: bool,
    ) -> None:
        self._to, self._provider, self._stack, self._what = to, provider, stack, what
        self._learn, self._follow, self._silent = learn, follow, False
        self._logs: dict[str, _Log] = {}
        self._colours: dict[str, str] = {}
        self._next = count()

    def first(self, lines: int) -> None:
        instances = chosen(self._provider.observe(self._stack), self._what)
        for instance in instances:
            log, written = self._read(instance, max(lines, WINDOW_LINES))
            log.seen = written[-WINDOW_LINES:]
            told = log.take(written, over=self._over(instance))
            self._print(instance, told[len(told) - min(lines, len(told)) :], instances)

    def more(self) -> None:
        """What is new since the last look; nothing if the target did not answer, which is said once."""
        try:
            self._more()
        except TransientError as error:
            if not self._silent:
                console(error=True).print(f"{error} Asking again.", soft_wrap=True)
            self._silent = True
        else:
            self._silent = False

    def end(self) -> None:
        """Tell what was held back; secrets that cannot be read now hold it back for good."""
        with suppress(TransientError):
            self._learn()
            self._end(list(self._logs), [log.instance for log in self._logs.values()])

    def _more(self) -> None:
        observed = self._provider.observe(self._stack)
        try:
            instances = chosen(observed, self._what)
        except PlanError:
            instances = []  # gone for now; it may come again
        gone = self._logs.keys() - set(map(str, instances))
        if gone:
            self._learn()
            self._end(sorted(gone), [*instances, *(self._logs[name].instance for name in gone)])
        for instance in instances:
            log, written = self._read(instance, WINDOW_LINES)
            new = new_lines(log.seen, written)
            self._print(instance, log.take(new, over=self._over(instance)), instances)
            log.seen = written

    def _end(self, names: Sequence[str], beside: Sequence[Instance]) -> None:
        for name in names:
            log = self._logs.pop(name)
            self._print(log.instance, log.end(), beside)

    def _read(self, instance: Instance, lines: int) -> tuple[_Log, list[str]]:
        """Secrets are learnt after it, since they may be set at any time before it."""
        text = self._provider.logs(instance, lines)
        self._learn()
        log = self._logs.setdefault(str(instance), _Log(instance))
        log.instance = instance
        over = self._over(instance)
        log.unfinished = "" if over else text[text.rfind("\n") + 1 :]
        return log, whole_lines(text, ended=over)

    def _over(self, one: Instance) -> bool:
        return not self._follow or one.health.code is not None

    def _print(self, one: Instance, lines: Sequence[str], beside: Sequence[Instance]) -> None:
        name = _name(one)
        width = max(len(_name(each)) for each in beside)
        colour = "red" if one.failed else self._colour(name)
        for line in lines:
            text = Text(line) if len(beside) == 1 else Text.assemble((f"{name:<{width}} | ", colour), line)
            self._to.print(text, soft_wrap=True)

    def _colour(self, name: str) -> str:
        if name not in self._colours:
            self._colours[name] = PALETTE[next(self._next) % len(PALETTE)]
        return self._colours[name]


def _name(instance: Instance) -> str:
    """A replica without its kind, which everybody knows: `web-0`."""
    return instance.short if holds_copies(instance.kind) else str(instance)
