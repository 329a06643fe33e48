"""`tenfold run`: a run whose own output is what is wanted, and its exit code."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field

import typer
from rich.text import Text

from deployments.cli.app import EXIT_FAILED
from deployments.cli.following.follow import follow
from deployments.cli.following.prefect_api import FlowRun, logged_in
from deployments.cli.following.submit import EXIT_INTERRUPTED, running
from deployments.cli.following.watch import Api, Snapshot
from deployments.cli.installation import open_installation, tenfold
from deployments.cli.terminal.output import console, lay, say
from tasks.changes.one_off import EXIT_CODE_KEY, OUTPUT_LOGGER
from tasks.stack.record import recorded_spec

LINES_A_PAGE = 200
"""Lines of a log in one answer."""


def run(stack: str, service: str, words: Sequence[str], *, wait: bool, detach: bool) -> int:
    """Returns the exit code of the command, or 1 if it never came to its end."""
    with open_installation() as place:
        recorded_spec(place.ledger, stack)
    to = console(error=True)  # stdout is the command's
    plane = running(to)
    with logged_in(plane) as api:
        parameters = {"stack": stack, "service": service, "command": shlex.join(words), "wait": wait}
        submitted = api.submit("run", parameters)
        page = [Text("page", "dim"), Text(f"{plane.ui_url}/v2/runs/flow-run/{submitted.id}", "cyan")]
        if detach:
            say(to, "run is submitted. See how it goes:")
            lay(to, [page])
            return 0
        try:
            ended = follow(_Output(api, submitted.id), _Printer()).flow_run
        except KeyboardInterrupt:
            say(to, f"Not followed any more; the command goes on until {tenfold()} teardown or its own end.")
            lay(to, [page])
            raise typer.Exit(EXIT_INTERRUPTED) from None
        code = api.artifact(ended.id, EXIT_CODE_KEY)
    if code is None:
        _say_why(ended)
        lay(to, [page])
    return int(code) if code is not None else EXIT_FAILED


def _say_why(ended: FlowRun) -> None:
    to = console(error=True)
    say(to, Text(f"run {ended.state.lower()}", "bold red"))
    for line in (ended.message or "It gives no reason; its page shows its log.").splitlines():
        say(to, Text(line), indent=2)


@dataclass
class _Output:
    """What the command wrote since the last look, as `Seen.notes`."""

    api: Api
    id: str
    _after: str | None = None
    _read: set[str] = field(default_factory=set)
    _new: list[str] = field(default_factory=list)

    def look(self) -> Snapshot:
        flow_run = self.api.run(self.id)  # first: when it is over, its log is whole
        while True:
            lines = [line for line in self.api.logs(self.id, self._after) if line.id not in self._read]
            self._new += [line.message for line in lines if line.logger == OUTPUT_LOGGER]
            if lines:
                self._after = lines[-1].at
            self._read |= {line.id for line in lines}
            if (
                len(lines) < LINES_A_PAGE // 2
            ):  # the moment that was read last is read again, so a full answer may hold less
                new, self._new = tuple(self._new), []
                return Snapshot(flow_run, notes=new)


class _Printer:
    def see(self, seen: Snapshot) -> None:
        for note in seen.notes:
            print(note, flush=True)
