"""The logs of a stack's processes, each line with the name of the process that wrote it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from rich.console import Console
from rich.text import Text

from deployments.cli.terminal.output import console, say
from infra_specs.app_text.reader import AppText
from infra_specs.errors import PlanError, TransientError
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import holds_copies, service_of
from tasks.base.known_secrets import known_secrets
from tasks.base.log_lines import new_lines, whole_lines
from tasks.providers.seam.provider import KindProvider

PALETTE = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_green", "bright_magenta")
SILENT_KINDS = ("volume", "route")
WINDOW_LINES = 1000
"""Lines that are read again at each look. A process that writes more between two looks is shown with gaps."""


def instances_of(name: str, instances: Sequence[Instance]) -> list[Instance]:
    """The instances of a service, a kind or an address; every one that writes a log if the name is empty.

    Raises PlanError that names the instances there are.
    """
    writing = [instance for instance in instances if instance.kind not in SILENT_KINDS]
    if not name:
        return writing
    matching = [
        instance
        for instance in instances
        if name in (str(instance), instance.address, instance.kind) or service_of(instance.address) == name
    ]
    if not matching:
        names = ", ".join(map(str, writing)) or "nothing"
        raise PlanError(f"Nothing here is called `{name}`. There is: {names}.")
    return matching


@dataclass(slots=True)
class _Log:
    """The log of one instance: the lines of the last look, and the text that is not shown yet."""

    instance: Instance
    lines: list[str] = field(default_factory=list)
    unfinished: str = ""
    """The last line while it has no end. It is shown once it is whole."""
    reader: AppText = field(default_factory=lambda: AppText(lambda: known_secrets.redaction))

    def add(self, lines: Sequence[str], *, ended: bool) -> list[str]:
        """The lines that can be shown now. A line that may begin a secret waits until the secret's end is read."""
        shown = self.reader.take("".join(f"{line}\n" for line in lines))
        return [*shown, *self.rest()] if ended else shown

    def rest(self) -> list[str]:
        """The lines that were held back. Nothing may be added afterwards."""
        rest = [*self.reader.take(self.unfinished), *self.reader.end()]
        self.unfinished = ""
        return rest


class LogPrinter:
    """Prints the logs of the instances that a name stands for. `learn` makes the stack's secrets known."""

    def __init__(
        self,
        to: Console,
        provider: KindProvider,
        stack: str,
        name: str,
        *,
        learn: Callable[[], None],
        follow: bool,
    ) -> None:
        self._to, self._provider, self._stack, self._name = to, provider, stack, name
        self._learn, self._follow, self._unanswered = learn, follow, False
        self._logs: dict[str, _Log] = {}
        self._colours: dict[str, str] = {}
        self._next_colour = count()

    def show_last(self, lines: int) -> None:
        """Print the last lines of each instance. Raises PlanError for an unknown name."""
        instances = instances_of(self._name, self._provider.observe(self._stack))
        for instance in instances:
            log, written = self._read(instance, max(lines, WINDOW_LINES))
            log.lines = written[-WINDOW_LINES:]
            shown = log.add(written, ended=self._has_ended(instance))
            self._print(instance, shown[len(shown) - min(lines, len(shown)) :], instances)

    def show_new(self) -> None:
        """Print the lines since the last look. A target that does not answer is reported once."""
        try:
            self._show_new()
        except TransientError as error:
            if not self._unanswered:
                say(console(error=True), f"{error} Asking again.")
            self._unanswered = True
        else:
            self._unanswered = False

    def finish(self) -> None:
        """Print the lines that were held back. They stay unprinted if the secrets cannot be read now."""
        with suppress(TransientError):
            self._learn()
            self._finish(list(self._logs), [log.instance for log in self._logs.values()])

    def _show_new(self) -> None:
        observed = self._provider.observe(self._stack)
        try:
            instances = instances_of(self._name, observed)
        except PlanError:
            instances = []  # gone for now; it may come again
        gone = self._logs.keys() - set(map(str, instances))
        if gone:
            self._learn()
            self._finish(sorted(gone), [*instances, *(self._logs[name].instance for name in gone)])
        for instance in instances:
            log, written = self._read(instance, WINDOW_LINES)
            new = new_lines(log.lines, written)
            self._print(instance, log.add(new, ended=self._has_ended(instance)), instances)
            log.lines = written

    def _finish(self, names: Sequence[str], beside: Sequence[Instance]) -> None:
        for name in names:
            log = self._logs.pop(name)
            self._print(log.instance, log.rest(), beside)

    def _read(self, instance: Instance, lines: int) -> tuple[_Log, list[str]]:
        """Read a log, and then the secrets: one may have been set at any time before."""
        text = self._provider.logs(instance, lines)
        self._learn()
        log = self._logs.setdefault(str(instance), _Log(instance))
        log.instance = instance
        ended = self._has_ended(instance)
        log.unfinished = "" if ended else text[text.rfind("\n") + 1 :]
        return log, whole_lines(text, ended=ended)

    def _has_ended(self, instance: Instance) -> bool:
        return not self._follow or instance.health.code is not None

    def _print(self, instance: Instance, lines: Sequence[str], beside: Sequence[Instance]) -> None:
        """Print lines, each after the instance's name unless it is the only one."""
        name = _name(instance)
        width = max(len(_name(other)) for other in beside)
        colour = "red" if instance.failed else self._colour(name)
        for line in lines:
            text = Text(line) if len(beside) == 1 else Text.assemble((f"{name:<{width}} | ", colour), line)
            self._to.print(text, soft_wrap=True)

    def _colour(self, name: str) -> str:
        if name not in self._colours:
            self._colours[name] = PALETTE[next(self._next_colour) % len(PALETTE)]
        return self._colours[name]


def _name(instance: Instance) -> str:
    """A replica without its kind: `web-0`."""
    return instance.short if holds_copies(instance.kind) else str(instance)
