"""`tenfold version` and `tenfold upgrade`."""

import pytest

from deployments.server import control_plane
from deployments.server.program import program_digest
from tests.deployments.cli.cli import Cli


def test_the_version_and_how_it_was_installed(cli: Cli) -> None:
    data = cli.json("version")
    assert data["code"] == program_digest()
    assert data["installed by"].startswith("a checkout in /")
    assert f"code          {program_digest()}\n" in cli.text("version")


@pytest.mark.parametrize(
    ("running", "code", "words"),
    [
        (None, 0, "The control plane is down."),
        (program_digest(), 0, "The control plane runs the same code."),
        ("0" * 16, 1, "was started by another version"),
    ],
)
def test_what_runs_is_compared(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, running: str | None, code: int, words: str
) -> None:
    plane = control_plane.ControlPlane(4200, "healthy", "healthy", program=running or "")
    monkeypatch.setattr(control_plane, "status", lambda: plane if running else None)
    result = cli("version", "--check")
    assert result.code == code
    assert words in result.out


def test_upgrade_prints_one_command(cli: Cli) -> None:
    command = cli.text("upgrade")
    assert command.startswith("git -C /")
    assert command.endswith(" install\n")
