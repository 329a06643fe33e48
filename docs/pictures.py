"""Make the pictures of the documentation from a real quickstart: `python -m docs.pictures`, from the repository.

It needs Chromium, and runs everything in a home of its own that is gone afterwards.
"""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

from deployments.server import control_plane
from tests.support.browser import PrefectUi, ui

IMAGES = Path("docs/images")
COLUMNS = 100
SETTLED_SECONDS = 3.0
"""The run's graph is drawn some time after its page is there, and says nowhere that it is done."""
SHOP = """\
{
  "name": "shop",
  "target": {"provider": "local"},
  "services": {"web": {"command": "python app.py", "port": 8000, "capacity": 4}},
  "needs": {"database": "postgres", "cache": "valkey"},
  "users": {"monthly": 200000, "sessions": 8, "requests": 20, "response_time": "200ms"},
  "budget": 100
}"""
BROKEN = """\
{
  "name": "broken",
  "target": {"provider": "local"},
  "services": {"web": {
    "command": ["python", "-c", "exit('PAYMENTS_KEY is not set')"],
    "port": 8000,
    "replicas": 1
  }}
}"""


def main() -> None:
    """Make every picture."""
    with _home():
        (IMAGES / "demo-terminal.svg").write_text(_drawn(_typed("tenfold", "demo")), encoding="utf-8")
        plane = control_plane.status()
        assert plane is not None
        with ui(plane, 1280, 860) as browser:
            _finished(browser)
        with ui(plane, 1280, 1060) as browser:
            _form(browser)
        with ui(plane, 1280, 1150) as browser:
            _failed(browser)


def _form(browser: PrefectUi) -> None:
    browser.form("provision")
    browser.write_spec(SHOP)
    browser.page.screenshot(path=IMAGES / "run-form.png")


def _finished(browser: PrefectUi) -> None:
    browser.form("provision")
    browser.page.get_by_role("link", name="provision", exact=True).first.click()
    browser.page.get_by_role("link", name="provision quickstart", exact=True).click()
    browser.logged("Done: ")
    time.sleep(SETTLED_SECONDS)
    browser.page.screenshot(path=IMAGES / "run-finished.png")


def _failed(browser: PrefectUi) -> None:
    browser.form("provision")
    browser.write_spec(BROKEN)
    browser.submit("provision broken")
    browser.ended("Failed")
    time.sleep(SETTLED_SECONDS)  # its tasks are in Prefect's books a moment after its end
    browser.page.reload()
    browser.logged("mend the cause and run it again")
    time.sleep(SETTLED_SECONDS)
    browser.page.screenshot(path=IMAGES / "run-failed.png")


@contextmanager
def _home() -> Iterator[None]:
    """A home directory for the length of the block, so that no path of this machine is in a picture."""
    home = Path(tempfile.mkdtemp(prefix="tenfold-pictures-"))
    home.chmod(0o755)  # PostgreSQL does not run as root: its account has to reach what is below
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ.update(HOME=str(home), TENFOLD_HOME=str(home / ".tenfold"), PATH=path)
    try:
        yield
    finally:
        for stack in ("quickstart", "broken"):
            subprocess.run(["tenfold", "teardown", stack, "--delete-data", "--yes"], check=False)
        control_plane.stop()
        shutil.rmtree(home)


def _typed(*command: str) -> list[str]:
    """The lines that stay in a terminal after a command, their colours in them."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(command[0], command, {**os.environ, "TERM": "xterm-256color"})  # noqa: S606 - it is our own
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, COLUMNS, 0, 0))
    output = b""
    while more := _read(terminal):
        output += more
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(output.decode())
    return _left(output.decode())


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def _left(said: str) -> list[str]:
    """What is left of lines that were written, erased, and written again."""
    rows, row = [""], 0
    for part in re.split(r"(\n|\r|\x1b\[[0-9;?]*[A-Za-z])", said):
        if part == "\n":
            row += 1
            rows += [""] * (row + 1 - len(rows))
        elif re.fullmatch(r"\x1b\[\d*A", part):
            row -= int(part[2:-1] or 1)
        elif part == "\x1b[2K":
            rows[row] = ""
        elif part.endswith("m") or not part.startswith(("\x1b", "\r")):
            rows[row] += part
    return rows


def _drawn(lines: list[str]) -> str:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, highlight=False)
        console.print(Text.from_ansi("\n".join(lines).strip("\n")))
    drawn = console.export_svg(title="$ tenfold demo", theme=MONOKAI)
    # Its font would be fetched from elsewhere; every reader has one of equal widths.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


if __name__ == "__main__":
    main()
