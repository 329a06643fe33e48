"""The script that tells a host's facts, in the shells that hosts have, and over SSH."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from infra_specs.fleet.facts import BEGIN, facts_from
from infra_specs.stackfile.models.hosts import Host
from tasks.providers.hosts.read_facts import SCRIPT, HostReading, read_facts
from tasks.ssh.connections import Connections
from tests.support.sshd import Sshd, sshd
from tests.tasks.ssh.keys import key_of

pytestmark = pytest.mark.local

SHELLS = ("dash", "bash --posix", "busybox sh")


@pytest.fixture(scope="module")
def server() -> Iterator[Sshd]:
    with sshd() as server:
        server.start()
        yield server


@pytest.fixture
def program(server: Sshd) -> Iterator[dict[str, str]]:
    """Programs of the host that are others than this machine's; put back afterwards."""
    programs = dict[str, str]()
    before = {path.name for path in (server.folder / "bin").iterdir()}
    yield programs
    for path in (server.folder / "bin").iterdir():
        if path.name not in before:
            path.unlink()


def look(server: Sshd, home: Path, programs: dict[str, str], user: str = "root") -> HostReading:
    for name, script in programs.items():
        path = server.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    host = Host(address="127.0.0.1", port=server.port, user=user)
    with Connections([host], str(server.key), home) as connections:
        connections.known.store({host.name: key_of(server, "ed25519")})
        reading = read_facts(connections)[host.name]
    if isinstance(reading, ProviderError):
        raise reading
    return reading


@pytest.mark.parametrize("shell", SHELLS)
def test_any_posix_shell_tells_the_facts(shell: str) -> None:
    words = shell.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"there is no {words[0]} here to try the script with")
    environment = {"PATH": "/usr/bin:/bin", "SSH_CONNECTION": "10.0.0.1 50000 10.0.0.11 2222"}
    done = subprocess.run([*words, str(SCRIPT)], env=environment, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    facts = facts_from(done.stdout)
    assert (facts.address, facts.port) == ("10.0.0.11", 2222)
    assert 0 < facts.memory_free <= facts.memory
    assert 0 < facts.disk_free <= facts.disk
    assert facts.cpus > 0
    assert facts.title


def test_a_host_is_looked_at_over_ssh(server: Sshd, tmp_path: Path, program: dict[str, str]) -> None:
    (server.folder / "etc" / "os-release").write_text(
        'ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu \\"24.04\\" \\\\"\n'
    )
    program["df"] = "printf 'head\\n/dev/x 41943040 1 2097152 5%% /\\n'"
    program["uname"] = '[ "$1" = -m ] && echo aarch64 || echo box'
    reading = look(server, tmp_path, program)
    facts = reading.facts
    assert (facts.distribution, facts.release, facts.title) == ("ubuntu", "24.04", 'Ubuntu "24.04" \\')
    assert (facts.disk, facts.disk_free) == (40 * 2**30, 2 * 2**30)
    assert (facts.name, facts.processor) == ("box", "aarch64")
    assert (facts.user, facts.sudo, facts.port) == ("root", "root", server.port)
    assert abs(reading.clock_error) < 2


@pytest.mark.parametrize(("user", "sudo"), [("deploy", "free"), ("guest", "password")])
def test_whether_the_account_becomes_root(
    server: Sshd, tmp_path: Path, program: dict[str, str], user: str, sudo: str
) -> None:
    facts = look(server, tmp_path, program, user).facts
    assert (facts.user, facts.sudo) == (user, sudo)


def test_an_account_without_sudo(server: Sshd, tmp_path: Path, program: dict[str, str]) -> None:
    if shutil.which("sudo"):
        pytest.skip("this machine has a sudo, so a host without one cannot be pretended")
    server.with_sudo(present=False)
    assert look(server, tmp_path, program, "deploy").facts.sudo == "missing"
    server.with_sudo()


def test_a_wrong_clock_is_seen(server: Sshd, tmp_path: Path, program: dict[str, str]) -> None:
    program["date"] = 'echo $(($(/bin/date "$@") + 3600))'
    assert 3590 < look(server, tmp_path, program).clock_error < 3610


def test_an_engine_and_a_firewall(server: Sshd, tmp_path: Path, program: dict[str, str]) -> None:
    info = {"ServerVersion": "20.10.24", "Containers": 2, "Swarm": {"LocalNodeState": "inactive"}}
    program["docker"] = f"echo '{json.dumps(info)}'"
    program["dockerd"] = ":"
    program["ufw"] = "echo 'Status: active'"
    facts = look(server, tmp_path, program).facts
    assert facts.firewall == "ufw"
    assert facts.engine is not None
    assert (facts.engine.version, facts.engine.containers) == ("20.10.24", 2)


def test_an_engine_that_hangs_is_no_answer(server: Sshd, tmp_path: Path, program: dict[str, str]) -> None:
    program["timeout"] = "exit 124"
    program["dockerd"] = ":"
    facts = look(server, tmp_path, program).facts
    assert facts.engine is not None
    assert not facts.engine.answers


def test_a_host_that_tells_nonsense(server: Sshd, tmp_path: Path, program: dict[str, str]) -> None:
    program["getconf"] = "echo; echo"
    program["uname"] = f"printf 'a\\n{BEGIN}b'"
    with pytest.raises(ProviderError, match=r"^\[127\.0\.0\.1\]:\d+: what the host says of itself cannot be read: "):
        look(server, tmp_path, program | {"cat": "exit 1", "printf": "", "sed": "echo '\"'"})
