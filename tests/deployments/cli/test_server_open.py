"""`tenfold server open`: an address for the terminal, a page for the browser, and no secret in anybody's arguments."""

import stat
import webbrowser
from pathlib import Path

import pytest

from deployments.cli.following import prefect_api
from deployments.server import control_plane
from deployments.server.control_plane import ControlPlane
from tests.deployments.cli.cli import Cli

pytestmark = pytest.mark.pure
ADDRESS = "http://127.0.0.1:4200/tenfold/login#the-code"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was opened with."""
    urls: list[str] = []
    monkeypatch.setattr(control_plane, "ensure", lambda: ControlPlane(4200, "healthy", "healthy"))
    monkeypatch.setattr(prefect_api, "login_address", lambda plane: ADDRESS)
    monkeypatch.setattr(webbrowser, "open", urls.append)
    return urls


def test_the_browser_is_given_a_page_of_this_account_alone(
    cli: Cli, home: Path, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", "a-browser")
    (home / "control").mkdir(parents=True)
    for _ in range(2):
        result = cli("server", "open")
        assert result.out == f"{ADDRESS}\n"
    page = home / "control" / "open.html"
    assert opened == [page.as_uri()] * 2
    assert "the-code" not in opened[0]
    assert f'content="0;url={ADDRESS}"' in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_without_a_browser_it_is_said_how_to_log_in_by_hand(
    cli: Cli, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    result = cli("server", "open")
    assert (result.out, opened) == (f"{ADDRESS}\n", [])
    assert "By hand: open http://127.0.0.1:4200 and give what this prints: tenfold token" in " ".join(
        result.err.split()
    )
