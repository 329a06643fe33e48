"""What the processes of a stack wrote, each line with who wrote it."""

import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import count

from rich.console import Console
from rich.text import Text

from deployments.cli.here import here
from deployments.cli.present.terminal import console
from infra_specs.errors import PlanError, TransientError
from infra_specs.plan.address import is_of_service
from infra_specs.plan.instance import Instance
from infra_specs.redaction import Stream
from tasks.known_secrets import known
from tasks.log_lines import added, whole_lines
from tasks.providers.base import Provider
from tasks.wish import remembered

palette = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_green", "bright_magenta")
silent_kinds = ("volume", "route")
pause_seconds = 0.3
window = 1000
"""Lines read again at each look; who writes more in a pause than this is quoted with gaps."""


def logs(stack: str, what: str, lines: int, *, follow: bool) -> None:
    """`tenfold logs`."""
    with here() as place:
        spec, _ = remembered(place.ledger, stack)
        with place.target(spec) as provider:
            place.ledger.learn_secrets(stack)
            printer = _Printer(console(), provider, stack, what, follow=follow)
            printer.first(lines)
            try:
                while follow:
                    time.sleep(pause_seconds)
                    printer.more()
            except KeyboardInterrupt:
                return


def chosen(instances: Sequence[Instance], what: str) -> list[Instance]:
    """The instances that a service's name, a kind or an address stands for; everything that writes, if empty.

    Raises PlanError naming what there is.
    """
    if not what:
        return [one for one in instances if one.kind not in silent_kinds]
    found = [one for one in instances if what in (str(one), one.address, one.kind) or is_of_service(one.address, what)]
    if not found:
        there = ", ".join(str(one) for one in instances if one.kind not in silent_kinds) or "nothing"
        raise PlanError(f"Nothing here is called `{what}`. There is: {there}.")
    return found


class _Printer:
    def __init__(self, to: Console, provider: Provider, stack: str, what: str, *, follow: bool) -> None:
        self._to, self._provider, self._stack, self._what = to, provider, stack, what
        self._follow, self._silent = follow, False
        self._seen: dict[str, list[str]] = {}
        self._streams: defaultdict[str, Stream] = defaultdict(lambda: Stream(lambda: known.redaction))
        self._colours: dict[str, str] = {}
        self._next = count()

    def first(self, lines: int) -> None:
        there = chosen(self._provider.observe(self._stack), self._what)
        for one in there:
            written = self._read(one, max(lines, window))
            self._seen[str(one)] = written[-window:]
            told = self._without_secrets(one, written)
            self._print(one, told[len(told) - min(lines, len(told)) :], there)

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

    def _more(self) -> None:
        instances = self._provider.observe(self._stack)
        try:
            there = chosen(instances, self._what)
        except PlanError:
            return  # gone for now; it may come again
        for one in there:
            written = self._read(one, window)
            new = added(self._seen.get(str(one), []), written)
            self._print(one, self._without_secrets(one, new), there)
            self._seen[str(one)] = written

    def _read(self, one: Instance, lines: int) -> list[str]:
        """A line that is still being written is not told while more can be: it would be told again with its end."""
        return whole_lines(self._provider.logs(one, lines), over=self._over(one))

    def _without_secrets(self, one: Instance, lines: Sequence[str]) -> list[str]:
        """What can be told of them now: a value of several lines is not begun before its end is there."""
        stream = self._streams[str(one)]
        told = stream.take("".join(f"{line}\n" for line in lines))
        return [*told.splitlines(), *(stream.end().splitlines() if self._over(one) else ())]

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
            self._colours[name] = palette[next(self._next) % len(palette)]
        return self._colours[name]


def _name(instance: Instance) -> str:
    """A replica without its kind, which everybody knows: `web-0`."""
    return instance.short if instance.kind == "replica" else str(instance)
