"""`tenfold page`: an address that logs in and leads to the page."""

from collections.abc import Callable

import pytest

from deployments.cli.following import prefect_api
from deployments.server import control_plane
from deployments.server.control_plane import ControlPlane
from tests.deployments.cli.cli import Cli

ADDRESS = "http://127.0.0.1:4200/tenfold/login#the-code"


@pytest.fixture(autouse=True)
def plane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_plane, "ensure", lambda: ControlPlane(4200, "healthy", "healthy"))
    monkeypatch.setattr(prefect_api, "login_address", lambda plane: ADDRESS)
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")


def test_the_address_leads_to_the_page_and_to_a_stack(cli: Cli, provisioned: Callable[[], object]) -> None:
    result = cli("page")
    assert (result.code, result.out) == (0, f"{ADDRESS}~page\n")
    assert "After that: http://127.0.0.1:4200/tenfold/page" in " ".join(result.err.split())
    provisioned()
    assert cli("page", "shop").out == f"{ADDRESS}~page~shop\n"


def test_a_stack_that_is_not_known_is_refused(cli: Cli) -> None:
    assert cli("page", "nobody").code == 2
