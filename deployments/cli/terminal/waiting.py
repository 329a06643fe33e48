"""A sign that something takes a moment: a spinner in a terminal, one line in a pipe."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from deployments.cli.terminal.output import say
from deployments.cli.terminal.words import human


@contextmanager
def waiting(to: Console, activity: str) -> Iterator[None]:
    """Show that `activity` is under way until the block ends."""
    if not to.is_terminal:
        say(to, f"{activity} …")
        yield
        return
    began = time.monotonic()

    def text() -> Spinner:
        spinner.update(text=Text.assemble(f"{activity} ", (human(float(int(time.monotonic() - began))), "dim")))
        return spinner

    spinner = Spinner("dots", style="cyan")
    with Live(get_renderable=text, console=to, transient=True, refresh_per_second=10):
        yield
