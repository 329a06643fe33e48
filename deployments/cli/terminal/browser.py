"""The browser of this machine, if it has one."""

import os
import sys
import webbrowser
from pathlib import Path


def has_browser() -> bool:
    """Whether a browser with a window of its own can be opened. A text browser would take the terminal."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


def open_in_browser(url: str) -> None:
    """Open an address, where there is a browser."""
    if has_browser():
        webbrowser.open(url)


def open_privately(url: str, home: Path) -> None:
    """Open an address that logs in, where there is a browser.

    Everybody on the machine can read a browser's arguments. So it is given a page that leads there, which this account
    alone can read.
    """
    if has_browser():
        open_in_browser(_write_redirect(url, home / "control" / "open.html").as_uri())


def _write_redirect(url: str, path: Path) -> Path:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0;url={url}"><title>Tenfold</title>')
    return path
