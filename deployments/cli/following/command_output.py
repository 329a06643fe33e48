"""A run of `tenfold run`: what its command writes is printed, and its exit code is what counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import typer
from rich.text import Text

from deployments.cli.following.follow import follow
from deployments.cli.following.log_lines import LogReader
from deployments.cli.following.outcome import EXIT_INTERRUPTED, page_row, show_reason
from deployments.cli.following.prefect_api import RunApi, logged_in
from deployments.cli.following.submit import running_control_plane
from deployments.cli.following.watch import Snapshot
from deployments.cli.installation import tenfold
from deployments.cli.terminal.output import console, lay, say
from tasks.changes.one_off import EXIT_CODE_KEY, OUTPUT_LOGGER

LINES_A_PAGE = 200
"""Lines of a log in one answer."""


def run_and_print(parameters: Mapping[str, Any], *, detach: bool) -> int | None:
    """Submit a run of the flow `run`, print what its command writes, and return the command's exit code.

    None if the command did not come to its end; the reason is then on stderr. 0 for a run that is not followed.
    Ctrl-C leaves the run alone and exits with 130.
    """
    to = console(error=True)  # stdout belongs to the command
    plane = running_control_plane(to)
    with logged_in(plane) as api:
        submitted = api.submit("run", parameters)
        page = page_row(plane.run_page(submitted.id))
        if detach:
            say(to, "run is submitted. See how it goes:")
            lay(to, [page])
            return 0
        try:
            output = CommandOutput(api, submitted.id)
            ended = follow(output, OutputPrinter()).flow_run
        except KeyboardInterrupt:
            say(to, f"Not followed any more; the command goes on until {tenfold()} teardown or its own end.")
            lay(to, [page])
            raise typer.Exit(EXIT_INTERRUPTED) from None
        for warning in output.warnings:
            say(to, Text(warning, "yellow"))
        code = api.artifact(ended.id, EXIT_CODE_KEY)
    if code is None:
        show_reason(to, "run", ended)
        lay(to, [page])
        return None
    return int(code)


@dataclass
class CommandOutput:
    """The run, with the lines that its command wrote since the last look as `Snapshot.notes`."""

    api: RunApi
    run_id: str
    warnings: list[str] = field(default_factory=list)
    """What the run itself warned of, so far."""
    _log: LogReader = field(init=False)
    _unshown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._log = LogReader(self.api, self.run_id)

    def look(self) -> Snapshot:
        """The run as it is now. Raises ServerError while Prefect does not answer; no line is lost by that."""
        flow_run = self.api.run(self.run_id)  # before the log, which is complete once the run has ended
        while True:
            lines = self._log.next_page()
            self._unshown += [line.message for line in lines if line.logger == OUTPUT_LOGGER]
            self.warnings += [line.message for line in lines if line.logger != OUTPUT_LOGGER and line.is_warning]
            # A full answer repeats the lines of the last moment, so it may hold fewer new lines than a page.
            if len(lines) < LINES_A_PAGE // 2:
                notes, self._unshown = tuple(self._unshown), []
                return Snapshot(flow_run, notes=notes)


class OutputPrinter:
    """Prints the notes of each snapshot on stdout."""

    def show(self, snapshot: Snapshot) -> None:
        """Print at once, for whoever reads the pipe."""
        for note in snapshot.notes:
            print(note, flush=True)
