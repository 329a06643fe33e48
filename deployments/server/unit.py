"""The systemd unit that starts the control plane, and with it all stacks, when the machine has started."""

import getpass
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra_specs.errors import ServerError
from tasks.base.atomic_write import replace_file
from tasks.base.homes import usual_home
from tasks.base.settings import PREFIX, Settings

BOOTED = Path("/run/systemd/system")
"""There where systemd runs the machine, as sd_booted(3) says."""
SYSTEM_UNITS = Path("/etc/systemd/system")
_SECONDS = 300.0
"""How long systemctl may take: it waits for the control plane, which may migrate a database."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One installation's unit. `environment` holds its settings, for its owner alone: a URL may hold a password."""

    name: str
    path: Path
    environment: Path
    program: Path
    home: Path
    for_user: bool

    def text(self) -> str:
        """The unit's file. Stopping it stops the control plane; no stack ends with it."""
        start, stop = (f"{_word(str(self.program)).replace('$', '$$')} server {verb}" for verb in ("start", "stop"))
        target = "default.target" if self.for_user else "multi-user.target"
        order = "" if self.for_user else "After=network.target docker.service\n"
        return (
            f"[Unit]\nDescription=Tenfold's control plane of {_plain(str(self.home))}\n"
            f"{order}RequiresMountsFor={_word(str(self.home))}\n\n"
            "[Service]\nType=oneshot\nRemainAfterExit=yes\n"
            f"EnvironmentFile={_plain(str(self.environment))}\n"
            f"ExecStart={start}\nExecStop={stop}\n"
            "# What it started runs on when it is stopped or restarted: the stacks above all.\n"
            f"KillMode=process\nTimeoutStartSec={_SECONDS:.0f}\nRestart=on-failure\nRestartSec=10\n\n"
            f"[Install]\nWantedBy={target}\n"
        )

    def systemctl(self, *arguments: str) -> None:
        """Raises ServerError with what systemctl said."""
        command = ["systemctl", *(["--user"] if self.for_user else []), *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
        if ended.returncode:
            said = " ".join((ended.stderr or ended.stdout).split()) or f"it ended with {ended.returncode}"
            raise ServerError(f"{' '.join(command)} failed: {said}")


def unit_of(here: Settings) -> Unit:
    """The unit of this installation. Another home than the usual one has a unit of its own beside the usual one."""
    for_user = os.geteuid() != 0
    usual = usual_home().expanduser()
    suffix = "" if here.home == usual else f"-{hashlib.sha256(str(here.home).encode()).hexdigest()[:8]}"
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser())
    folder = configuration / "systemd" / "user" if for_user else SYSTEM_UNITS
    name = f"tenfold{suffix}.service"
    program = Path(sys.executable).with_name("tenfold")
    return Unit(name, folder / name, here.home / "control" / "unit.env", program, here.home, for_user)


def install(here: Settings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Write the unit, enable and start it; what was done and what is left to do, a sentence each. May be repeated.

    Raises ServerError, with what to do instead, where systemd does not run or refuses.
    """
    unit = unit_of(here)
    if not BOOTED.is_dir() or shutil.which("systemctl") is None:
        raise ServerError(f"systemd does not run here, so nothing was installed. {instead(unit)}")
    unit.environment.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_file(unit.environment, environment_text(here, environment).encode())
    try:
        unit.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        replace_file(unit.path, unit.text().encode(), mode=0o644)
    except OSError as error:
        raise ServerError(f"The unit {unit.path} cannot be written: {error.strerror}.") from error
    unit.systemctl("daemon-reload")
    unit.systemctl("enable", "--now", unit.name)
    kind = "user unit" if unit.for_user else "system unit"
    return (
        f"Installed and started the {kind} {unit.path}. When the machine has started, it runs `tenfold server start`, "
        f"which brings the control plane and all stacks of {here.home} back.",
        f"To stop or restart it (systemctl {'--user ' if unit.for_user else ''}stop {unit.name}) ends no stack.",
        *([_linger()] if unit.for_user else []),
    )


def uninstall(here: Settings) -> bool:
    """Remove the unit; False if there was none. What runs, runs on. Raises ServerError if systemd refuses."""
    unit = unit_of(here)
    was_there = unit.path.exists()
    if was_there and BOOTED.is_dir() and shutil.which("systemctl"):
        unit.systemctl("disable", unit.name)
    try:
        unit.path.unlink(missing_ok=True)
        unit.environment.unlink(missing_ok=True)
    except OSError as error:
        raise ServerError(f"The unit {unit.path} cannot be removed: {error.strerror}.") from error
    if was_there and BOOTED.is_dir() and shutil.which("systemctl"):
        unit.systemctl("daemon-reload")
    return was_there


def environment_text(here: Settings, environment: Mapping[str, str]) -> str:
    """The lines of an EnvironmentFile: this installation's own settings, and the folder that it is in."""
    names = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} - {f"{PREFIX}API_TOKEN"}
    kept = {name: value for name, value in environment.items() if name in names or name in ("PATH", "DOCKER_HOST")}
    values = {**kept, f"{PREFIX}HOME": str(here.home)}
    return "".join(f"{name}={_in_file(value)}\n" for name, value in sorted(values.items()))


def instead(unit: Unit) -> str:
    """What to do without systemd, as exact commands."""
    command = f"{PREFIX}HOME={shlex.quote(str(unit.home))} {shlex.quote(str(unit.program))} server start"
    return (
        f"One command brings everything back: {command}\n"
        f"With cron (macOS has it too): (crontab -l; echo '@reboot {command}') | crontab -\n"
        f"In a container: run it at the start of the container's own command."
    )


def _linger() -> str:
    """See that the unit does not wait for a login, or say how."""
    user = getpass.getuser()
    command = ["loginctl", "enable-linger", user]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
        done = ended.returncode == 0
    except FileNotFoundError:
        done = False
    if done:
        return f"It does not wait until {user} logs in (loginctl enable-linger was run)."
    return f"It waits until {user} logs in, unless root runs: loginctl enable-linger {user}"


def _word(text: str) -> str:
    """As one word of a unit's line: specifiers and quotes are taken as they are. Commands know variables, too."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_plain(escaped)}"'


def _plain(text: str) -> str:
    """As the rest of a line, which knows specifiers alone."""
    return text.replace("%", "%%")


def _in_file(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    return f'"{escaped}"'
