"""Commands and files over one connection that many threads use, that breaks, and that comes back."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra_specs.errors import ProviderError, TransientError
from infra_specs.stackfile.models.hosts import Host, JumpHost
from tasks.ssh import command, handshake
from tasks.ssh.connections import Connections
from tasks.ssh.known_hosts import KnownHosts
from tests.support.sshd import Sshd, sshd
from tests.tasks.ssh.conftest import Connect
from tests.tasks.ssh.keys import key_of

pytestmark = [pytest.mark.local, pytest.mark.usefixtures("trusted")]


def test_a_command_has_its_input_its_output_and_its_end(connect: Connect) -> None:
    data = os.urandom(3_000_000)
    result = connect().run("cat; echo oops >&2; exit 3", data=data)
    assert (result.code, result.output, result.errors) == (3, data, b"oops\n")
    assert result.failure_text == "oops"


def test_a_script_is_one_whatever_is_in_it(connect: Connect) -> None:
    script = 'for word in "it\'s" \'a $HOME\' `echo x`; do echo "$word"; done'
    assert connect().run(script).text == "it's\na $HOME\nx\n"


def test_a_command_that_reads_no_input_ends(connect: Connect) -> None:
    assert connect().run("exit 5", data=bytes(10_000_000)).code == 5


def test_a_command_that_a_signal_ends_has_no_code_of_success(connect: Connect) -> None:
    assert connect().run("kill -9 $$").code not in (0, 1)


def test_threads_take_turns_where_sshd_allows_few_sessions(connect: Connect) -> None:
    connection = connect()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: connection.run(f"echo {number}").text, range(24)))
    assert answers == [f"{number}\n" for number in range(24)]


def test_a_command_that_takes_too_long_is_given_up_and_the_connection_is_not(host: Host, connect: Connect) -> None:
    connection = connect()
    with pytest.raises(TransientError) as late:
        connection.run("sleep 60", timeout=0.5)
    assert str(late.value) == f"{host}: a command does not end in time. The host hangs, or is very busy."
    assert connection.run("echo on").text == "on\n"


def test_a_lost_connection_is_made_anew(server: Sshd, connect: Connect) -> None:
    connection = connect()
    assert connection.run("echo before").text == "before\n"
    server.stop()
    with pytest.raises(TransientError, match="nothing listens there"):
        connection.run("true")
    server.start()
    assert connection.run("echo after").text == "after\n"


def test_a_connection_that_breaks_under_a_command_is_told(server: Sshd, connect: Connect) -> None:
    connection = connect()
    connection.run("true")
    crash = threading.Timer(0.5, server.stop)
    crash.start()
    with pytest.raises(TransientError, match="the connection broke during a command"):
        connection.run("sleep 60")
    crash.join()


def test_a_frozen_host_costs_its_time_limit(server: Sshd, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake, "CHANNEL_SECONDS", 0.5)
    monkeypatch.setattr(handshake, "BEGIN_SECONDS", 0.5)
    connection = connect()
    connection.run("true")
    with server.frozen(), pytest.raises(TransientError, match=r"no SSH begins within 0\.5 s"):
        connection.run("true")
    monkeypatch.setattr(handshake, "BEGIN_SECONDS", 30.0)
    monkeypatch.setattr(handshake, "CHANNEL_SECONDS", 30.0)
    assert connection.run("echo well").text == "well\n"


def test_a_host_that_freezes_as_a_command_starts(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "START_SECONDS", 0.5)
    monkeypatch.setattr("paramiko.Channel.exec_command", wait_for_ever)
    with pytest.raises(TransientError, match="a command does not end in time"):
        connect().run("true")


def test_sudo_that_asks_nothing(connect: Connect) -> None:
    connection = connect(user="deploy")
    assert connection.has_free_sudo()
    assert connection.run('echo "$AS_ROOT $(id -un)"').text == " deploy\n"
    assert connection.run('echo "$AS_ROOT"; cat', data=b"in", root=True).text == "yes\nin"


def test_sudo_that_asks_for_a_password(host: Host, connect: Connect) -> None:
    connection = connect(user="guest")
    assert not connection.has_free_sudo()
    with pytest.raises(ProviderError) as refused:
        connection.run("true", root=True)
    assert str(refused.value) == (
        f"{host}: sudo asks guest for a password, or does not allow it. As root, write into the file "
        "/etc/sudoers.d/tenfold: guest ALL=(ALL) NOPASSWD: ALL"
    )


def test_no_sudo(server: Sshd, host: Host, connect: Connect) -> None:
    server.with_sudo(present=False)
    with pytest.raises(ProviderError) as refused:
        connect(user="deploy").run("true", root=True)
    assert str(refused.value) == (
        f"{host}: deploy is not root, and there is no sudo. Install it (apt install sudo), or let `user` be root."
    )


def test_a_file_is_put_with_its_mode(connect: Connect, tmp_path: Path) -> None:
    path, data = tmp_path / "it's a file", os.urandom(300_000)
    connect().put(str(path), data, mode=0o640)
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o777 == 0o640
    connect().put(str(path), b"", mode=0o600)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"", 0o600)


def test_a_file_of_which_half_arrives_is_not_put(
    connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    whole = command._send
    monkeypatch.setattr(command, "_send", lambda channel, data: whole(channel, data[: len(data) // 2]))
    with pytest.raises(ProviderError, match="file cannot be written"):
        connect().put(str(path), b"new and long")
    assert [(entry.name, entry.read_text()) for entry in tmp_path.iterdir() if entry.name.startswith("file")] == [
        ("file", "old")
    ]
    assert not list(tmp_path.glob(".file*"))


def test_a_file_in_a_folder_that_is_not_there(host: Host, connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(ProviderError) as refused:
        connect().put(f"{tmp_path}/none/file", b"x")
    assert str(refused.value).startswith(f"{host}: {tmp_path}/none/file cannot be written: ")


@pytest.fixture
def inner() -> Iterator[Sshd]:
    """A host behind the other."""
    with sshd() as server:
        server.start()
        yield server


def test_a_host_behind_another(server: Sshd, inner: Sshd, known: KnownHosts, tmp_path: Path) -> None:
    inner.key.write_bytes(server.key.read_bytes())
    (inner.folder / "authorized" / "root").write_text(server.key.with_suffix(".pub").read_text())
    jump = JumpHost(address="127.0.0.1", port=server.port)
    hidden = Host(address="127.0.0.1", port=inner.port, jump=jump)
    with Connections([hidden], str(server.key), tmp_path) as connections:
        assert connections.shown_key(hidden) == key_of(inner, "ed25519")
        with pytest.raises(ProviderError, match=f"{inner.port}: its key .* is not known here"):
            connections.to(hidden).run("true")
        known.store({hidden.name: key_of(inner, "ed25519")})
        assert connections.to(hidden).run("echo $SSH_CONNECTION").text.split()[3] == str(inner.port)
        assert connections.jump_hosts == (jump,)
        inner.stop()
        with pytest.raises(
            TransientError, match=f"^.*{inner.port}: by way of .*{server.port}: the way on does not open: "
        ):
            connections.to(hidden).run("true")


def test_a_jump_host_must_be_trusted_too(server: Sshd, known: KnownHosts, tmp_path: Path) -> None:
    jump = JumpHost(address="localhost", port=server.port)
    hidden = Host(address="127.0.0.1", port=server.port, jump=jump)
    with (
        Connections([hidden], str(server.key), tmp_path) as connections,
        pytest.raises(ProviderError, match=r": by way of \[localhost\]:\d+: its key .* is not known here"),
    ):
        connections.to(hidden).run("true")


def test_a_jump_host_that_forwards_nothing(server: Sshd, known: KnownHosts, tmp_path: Path) -> None:
    server.stop()
    server.more, before = "AllowTcpForwarding no", server.more
    server.start()
    server.more = before
    jump = JumpHost(address="127.0.0.1", port=server.port)
    hidden = Host(address="10.255.255.1", jump=jump)
    with Connections([hidden], str(server.key), tmp_path) as connections, pytest.raises(ProviderError) as refused:
        connections.to(hidden).run("true")
    assert str(refused.value) == (
        f"10.255.255.1: by way of {jump}: sshd refuses the way on. Allow it in its sshd_config: AllowTcpForwarding yes"
    )


def test_closing_is_no_end(connect: Connect) -> None:
    connection = connect()
    for _ in range(2):
        assert connection.run("echo on").text == "on\n"
        connection.close()


def wait_for_ever(channel: Any, _: str) -> None:
    """As paramiko waits for the answer to a request."""
    channel.event.clear()
    channel._wait_for_event()
