"""The browser of this machine, if it has one."""

import os
import sys
import webbrowser


def has_browser() -> bool:
    """Whether a browser with a window of its own can be opened. A text browser would take the terminal."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))


def open_in_browser(url: str) -> None:
    """Open an address, where there is a browser."""
    if has_browser():
        webbrowser.open(url)
