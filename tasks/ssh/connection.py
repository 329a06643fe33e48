"""One connection to a host, which many threads use: commands one after another, and channels to its sockets."""

import os
import shlex
import threading
import time
from collections.abc import Callable
from typing import Any

from paramiko import ChannelException, SSHException

from infra_specs.errors import ProviderError, TransientError
from infra_specs.stackfile.models.hosts import JumpHost
from tasks.ssh import command, errors, handshake
from tasks.ssh.command import CommandResult
from tasks.ssh.known_hosts import KnownHosts
from tasks.ssh.login_keys import login_keys

COMMAND_SECONDS = 60.0
"""How long a command may take unless its caller says otherwise."""


class Connection:
    """Opened at its first use, and anew after it was lost. Close it after use; it can be used again then.

    Commands take turns: a host has one session of ours at a time, and sshd may allow few.
    """

    def __init__(self, host: JumpHost, known: KnownHosts, key: str | None = None, jump: "Connection | None" = None):
        self.host = host
        self._known, self._key, self._jump = known, key, jump
        self._transport: Any = None
        self._opening, self._session = threading.Lock(), threading.Lock()
        self._failure: tuple[float, ProviderError] | None = None
        self._is_free: bool | None = None

    def run(
        self, script: str, *, data: bytes = b"", timeout: float = COMMAND_SECONDS, root: bool = False
    ) -> CommandResult:
        """Run a POSIX shell script with this input, as root if so asked, and wait for its end.

        Raises TransientError if the host cannot be reached, or if the connection breaks or `timeout` seconds end while
        the script runs: it may go on. Raises ProviderError if the host is not trusted, does not let us in, or has a
        sudo that asks for a password.
        """
        sudo = root and self.host.user != "root"
        if sudo and not self.has_free_sudo():
            raise self._sudo_refusal()
        return self._run(command.line_of(script, sudo=sudo), data, timeout)

    def has_free_sudo(self) -> bool:
        """Whether the account is root, or becomes it without a password. Asked once; raises as `run` does."""
        if self.host.user == "root":
            return True
        if not self._is_free:
            self._is_free = self._run("env LC_ALL=C sudo -n true", b"", COMMAND_SECONDS).code == 0
        return self._is_free

    def put(self, path: str, data: bytes, *, mode: int = 0o644, root: bool = False) -> None:
        """Put a file in its place at once: nobody sees a half of it, and a connection that breaks leaves the old one.

        Its folder must be there. Raises as `run` does, and ProviderError if the file cannot be written.
        """
        folder, _, name = path.rpartition("/")
        draft = shlex.quote(f"{folder}/.{name}.{os.urandom(6).hex()}.tmp")
        script = (  # sshd ends the input when a connection breaks, so the length says whether all of it came
            f'draft={draft}; umask 077; trap \'rm -f "$draft"\' EXIT; cat > "$draft" && '
            f'[ "$(wc -c < "$draft")" -eq {len(data)} ] && chmod {mode:o} "$draft" && '
            f'mv -fT "$draft" {shlex.quote(path)}'
        )
        result = self.run(script, data=data, root=root)
        if result.code:
            raise ProviderError(f"{self.host}: {path} cannot be written: {result.failure_text}")

    def open_socket(self, path: str) -> Any:
        """A channel to a Unix socket of the host, which works as a socket does. Close it after use.

        Raises as `run` does; TransientError if nobody listens there.
        """
        return self._opened(
            lambda transport: transport.open_unix_channel(path, handshake.CHANNEL_SECONDS),
            f"a channel to {path}",
            time.monotonic(),
            f"nothing listens there, {self.host.user} may not use it, or sshd forbids it (AllowStreamLocalForwarding)",
        )

    def open_tcp(self, host: JumpHost) -> Any:
        """A channel to another host's port, as seen from this one. Raises as `run` does, in the name of that host."""
        place, nowhere = (host.address, host.port), ("127.0.0.1", 0)
        try:
            return self._opened(
                lambda transport: transport.open_channel(
                    "direct-tcpip", place, nowhere, timeout=handshake.CHANNEL_SECONDS
                ),
                "the way on",
                time.monotonic(),
            )
        except ProviderError as error:
            raise type(error)(f"{host}: by way of {error}") from error

    def close(self) -> None:
        """End the connection. It opens again at its next use."""
        with self._opening:
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _run(self, line: str, data: bytes, timeout: float) -> CommandResult:
        asked = time.monotonic()
        deadline = asked + timeout
        if not self._session.acquire(timeout=timeout):
            raise TransientError(f"{self.host}: another command does not end within {timeout:g} s.")
        try:
            channel = self._opened(_session, "a session", asked, "it allows no more of them (MaxSessions)")
            try:
                with errors.translated(self.host, "a command"):
                    return command.run(channel, line, data, max(1.0, deadline - time.monotonic()))
            finally:
                command.close(channel)
        finally:
            self._session.release()

    def _opened(self, open_channel: Callable[[Any], Any], what: str, asked: float, why_not: str = errors.NOBODY) -> Any:
        """A channel; on a new connection if the old one turns out to be lost, for nothing has been asked for yet."""
        transport = self._connected(asked)
        try:
            return open_channel(transport)
        except ChannelException as error:
            raise errors.refused_channel(self.host, what, error, why_not) from error
        except (SSHException, EOFError, OSError):
            self._drop(transport)
        with errors.translated(self.host, what):
            return open_channel(self._connected(time.monotonic()))

    def _connected(self, asked: float) -> Any:
        """The transport, opened if need be. Whoever asked before an attempt failed shares its failure."""
        with self._opening:
            if self._transport is not None and self._transport.is_active():
                return self._transport
            if self._failure is not None and self._failure[0] >= asked:
                raise self._failure[1]
            try:
                self._transport = self._connect()
            except ProviderError as error:
                self._failure = time.monotonic(), error
                raise
            return self._transport

    def _connect(self) -> Any:
        try:
            keys = login_keys(self._key)
        except ProviderError as error:
            raise ProviderError(f"{self.host}: {error}") from error
        transport = handshake.trusted(self.host, self._known, self._socket)
        try:
            handshake.log_in(self.host, transport, keys, self._key)
        except BaseException:
            transport.close()
            raise
        return transport

    def _socket(self) -> Any:
        return self._jump.open_tcp(self.host) if self._jump else handshake.tcp_socket(self.host)

    def _drop(self, transport: Any) -> None:
        with self._opening:
            if self._transport is transport:
                self._transport = None
        transport.close()

    def _sudo_refusal(self) -> ProviderError:
        there = self._run("command -v sudo", b"", COMMAND_SECONDS).code == 0
        return errors.sudo_wants_password(self.host) if there else errors.no_sudo(self.host)


def _session(transport: Any) -> Any:
    return transport.open_session(timeout=handshake.CHANNEL_SECONDS)
