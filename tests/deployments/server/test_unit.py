"""The systemd unit: its text as systemd reads it, and what is done with a systemctl that only writes down."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deployments.server import unit as units
from deployments.server.unit import Unit, environment_text, install, uninstall, unit_of
from infra_specs.errors import ServerError
from tasks.base.settings import Settings, settings

pytestmark = pytest.mark.pure


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "a home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(units, "SYSTEM_UNITS", tmp_path / "system")
    return settings()


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl and a loginctl that write down what they were asked, on a machine that systemd runs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("systemctl", "loginctl"):
        (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/calls\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setattr(units, "BOOTED", tmp_path)
    return tmp_path / "calls"


@pytest.mark.parametrize("for_user", [False, True])
@pytest.mark.parametrize("home", ["/var/lib/tenfold", "/srv/my home 100%/$x"])
def test_systemd_accepts_it(tmp_path: Path, home: str, for_user: bool) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed, so nobody says whether systemd reads the unit")
    program = Path(shutil.which("true") or sys.executable)
    unit = Unit(
        "tenfold-test.service", tmp_path / "tenfold-test.service", Path(home, "e"), program, Path(home), for_user
    )
    unit.path.write_text(unit.text())
    told = subprocess.run([analyze, "verify", "--man=no", str(unit.path)], capture_output=True, text=True, check=False)
    assert "tenfold-test" not in told.stderr, told.stderr


def test_it_ends_no_stack_when_it_is_stopped(here: Settings) -> None:
    lines = unit_of(here).text().splitlines()
    assert "KillMode=process" in lines
    assert [line for line in lines if line.startswith("Exec")] == [
        f'ExecStart="{Path(sys.executable).with_name("tenfold")}" server start',
        f'ExecStop="{Path(sys.executable).with_name("tenfold")}" server stop',
    ]


@pytest.mark.parametrize(("uid", "arguments"), [(0, ""), (1000, "--user ")])
def test_install_and_uninstall(
    here: Settings, calls: Path, monkeypatch: pytest.MonkeyPatch, uid: int, arguments: str
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: uid)
    unit = unit_of(here)
    for _ in range(2):
        calls.unlink(missing_ok=True)
        notes = install(here, {"TENFOLD_LEDGER_URL": "postgresql://u:secret@h/d", "TENFOLD_API_TOKEN": "no", "X": "no"})
        asked = [line for line in calls.read_text().splitlines() if line.startswith("systemctl")]
        assert asked == [f"systemctl {arguments}daemon-reload", f"systemctl {arguments}enable --now {unit.name}"]
    assert unit.path.read_text() == unit.text()
    assert "secret" not in unit.path.read_text()
    assert unit.environment.stat().st_mode & 0o777 == 0o600
    assert str(unit.path) in notes[0]
    assert ("loginctl enable-linger" in calls.read_text()) is bool(arguments)
    assert any("enable-linger was run" in note for note in notes) is bool(arguments)
    calls.unlink()
    assert uninstall(here)
    assert calls.read_text().splitlines() == [
        f"systemctl {arguments}disable {unit.name}",
        f"systemctl {arguments}daemon-reload",
    ]
    assert not unit.path.exists()
    assert not unit.environment.exists()
    assert not uninstall(here)


def test_lingering_that_is_refused_is_said(here: Settings, calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    (calls.parent / "programs" / "loginctl").write_text("#!/bin/sh\nexit 1\n")
    assert "unless root runs: loginctl enable-linger" in install(here, {})[-1]


def test_what_systemctl_refuses_is_told(here: Settings, calls: Path) -> None:
    (calls.parent / "programs" / "systemctl").write_text("#!/bin/sh\necho Failed to connect to bus >&2\nexit 1\n")
    with pytest.raises(ServerError, match=r"daemon-reload failed: Failed to connect to bus"):
        install(here, {})


def test_without_systemd_it_says_what_to_do(here: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(units, "BOOTED", tmp_path / "nowhere")
    with pytest.raises(ServerError) as told:
        install(here, {})
    command = f"TENFOLD_HOME='{here.home}' {Path(sys.executable).with_name('tenfold')} server start"
    assert f"One command brings everything back: {command}" in str(told.value)
    assert "@reboot" in str(told.value)
    assert "container" in str(told.value)
    assert not unit_of(here).path.exists()


def test_its_settings_are_kept_without_the_token(here: Settings) -> None:
    environment = {"TENFOLD_SERVER_PORT": "4300", "TENFOLD_API_TOKEN": "no", "OTHER": "no", "PATH": '/a "b"$c'}
    assert environment_text(here, environment).splitlines() == [
        r'PATH="/a \"b\"\$c"',
        f'TENFOLD_HOME="{here.home}"',
        'TENFOLD_SERVER_PORT="4300"',
    ]
