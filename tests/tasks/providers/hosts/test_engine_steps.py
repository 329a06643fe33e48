"""Which questions and packages an engine's installation has, with a fake host."""

import subprocess
from pathlib import Path

import pytest

from infra_specs.stackfile.models.hosts import Host
from tasks.providers.hosts.engine_install import install_engine
from tasks.ssh.command import CommandResult


class FakeConnection:
    """Tells these packages as missing, and succeeds with all else."""

    host = Host(address="10.0.0.11", user="deploy")

    def __init__(self, missing: str, has_settings: bool = False) -> None:
        self._missing, self._has_settings = missing, has_settings
        self.scripts, self.files = list[str](), list[str]()
        self.accounts = set[bool]()

    def run(self, script: str, *, timeout: float = 0, root: bool = False) -> CommandResult:
        self.scripts.append(script)
        self.accounts.add(root)
        code = int(script.startswith("test -e") and not self._has_settings)
        return CommandResult(code, self._missing.encode() if "dockerd" in script else b"", b"")

    def put(self, path: str, data: bytes, *, root: bool = False) -> None:
        self.files.append(path)
        self.accounts.add(root)

    def installed(self) -> list[str]:
        return [script.splitlines()[0] for script in self.scripts if "apt install" in script]


@pytest.mark.pure
@pytest.mark.parametrize(
    ("missing", "has_settings", "files", "installed"),
    [
        ("", False, [], []),
        ("iptables\n", False, [], ["missing='iptables'"]),
        (
            "docker.io\ndocker-cli\niptables\n", False, ["/etc/docker/daemon.json"],
            ["missing='docker.io docker-cli iptables'"],
        ),
        ("docker.io\n", True, [], ["missing='docker.io'"]),
    ],
)  # fmt: skip
def test_only_what_is_missing_is_installed_and_root_is_asked(
    missing: str, has_settings: bool, files: list[str], installed: list[str]
) -> None:
    connection = FakeConnection(missing, has_settings)
    assert install_engine(connection) == bool(missing)  # type: ignore[arg-type]  # fake
    assert connection.files == files
    assert connection.installed() == installed
    assert connection.accounts == {True}


@pytest.mark.local
@pytest.mark.parametrize(
    ("commands", "missing"),
    [
        (["dockerd", "docker", "iptables"], []),
        (["docker", "iptables"], ["docker.io"]),
        (["dockerd", "docker"], ["iptables"]),
        (["dockerd", "iptables"], ["docker-cli"]),
        ([], ["docker.io", "docker-cli", "iptables"]),
    ],
)
def test_the_commands_that_are_missing(tmp_path: Path, commands: list[str], missing: list[str]) -> None:
    connection = FakeConnection("")
    install_engine(connection)  # type: ignore[arg-type]  # fake
    folder = tmp_path / "usr" / "sbin"
    folder.mkdir(parents=True)
    for command in commands:
        (folder / command).write_text("#!/bin/sh\n")
        (folder / command).chmod(0o755)
    script = connection.scripts[0].replace("/usr/local/sbin:/usr/sbin:/sbin", str(folder))
    done = subprocess.run(
        ["/bin/sh", "-c", script], check=True, env={"PATH": "/nowhere"}, capture_output=True, text=True
    )
    assert done.stdout.split() == missing
