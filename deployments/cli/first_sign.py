"""The first sign of a verb that changes a stack: a line on the terminal, until the verb has something to say.

A verb loads its modules for longer than a person waits without wondering. A pipe gets no such line.
"""

import os
import sys

ERASE = "\r\x1b[K"
_shown = False


def show(text: str) -> None:
    """Show that something goes on, on a terminal that can erase a line again."""
    global _shown  # noqa: PLW0603 - there is one terminal
    if sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        sys.stdout.write(f"{text} …")
        sys.stdout.flush()
        _shown = True


def erase() -> None:
    """Erase it, before anything else is written."""
    global _shown  # noqa: PLW0603
    if _shown:
        sys.stdout.write(ERASE)
        sys.stdout.flush()
        _shown = False
