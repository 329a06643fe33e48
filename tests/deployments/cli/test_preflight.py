"""Plan and provision refuse a service that can never start, before they touch anything."""

from pathlib import Path

import pytest

from deployments.server import control_plane
from tests.deployments.cli.cli import Cli

BROKEN = """\
name: shop
target: {provider: local}
services:
  web: {command: python3 app.py, folder: nowhere, port: 8000}
  api: {command: ./start.sh, port: 8000, route: {path: /api}}
  mail: {command: gunicornn app, replicas: {min: 0}}
  made: {command: .venv/bin/app, before: make-it --now}
  well: {command: python3 app.py}
  later: {command: .venv/bin/app, before: python3 -m venv .venv}
needs: {database: postgres}
"""


@pytest.fixture(autouse=True)
def source(home: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder that the account of a stack can enter."""
    monkeypatch.chdir(open_folder)


@pytest.mark.parametrize("verb", ["plan", "provision"])
def test_every_service_that_cannot_start_is_named(
    cli: Cli, home: Path, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control_plane, "ensure", None)
    Path("shop.yaml").write_text(BROKEN)
    result = cli(verb, "shop.yaml")
    assert (result.code, result.out) == (2, "")
    lines = result.err.splitlines()
    assert lines[0] == "shop can never start as its file stands, so nothing was touched:"
    folder = Path.cwd() / "nowhere"
    assert lines[1] == f"  services.web.command: its folder {folder} is not there: correct `folder`, or make it"
    assert lines[2].startswith("  services.api.command: its command ./start.sh is not a program in ")
    assert lines[3].startswith("  services.mail.command: its command gunicornn is not there: install it")
    assert lines[4].startswith("  services.made.before: its command make-it is not there: install it")
    assert len(lines) == 5
    assert not (home / "stacks").exists()


def test_a_service_that_can_start_is_planned(cli: Cli, home: Path) -> None:
    Path("shop.yaml").write_text("name: shop\ntarget: {provider: local}\nservices: {web: {command: python3 app.py}}\n")
    assert "1 to create" in cli.text("plan", "shop.yaml")
