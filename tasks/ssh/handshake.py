"""From a socket to a connection that is logged in, or to one of our errors. Each step has its limit."""

import socket
import time
from collections.abc import Callable
from typing import Any

from paramiko import AuthenticationException, SSHException
from paramiko.ssh_exception import IncompatiblePeer

from infra_specs.errors import ProviderError, TransientError
from infra_specs.stackfile.models.hosts import JumpHost
from tasks.ssh import errors
from tasks.ssh.known_hosts import HostKey, KnownHosts
from tasks.ssh.transport import StreamLocalTransport

CONNECT_SECONDS = 10.0
"""Until a TCP connection is there."""
BEGIN_SECONDS = 10.0
"""From there until keys are exchanged; a host that is frozen accepts and says nothing."""
LOGIN_SECONDS = 15.0
"""For one key. sshd may ask a name server who we are."""
CHANNEL_SECONDS = 10.0
"""Until a channel opens. Paramiko's own limit is an hour."""
KEEPALIVE_SECONDS = 15
UNANSWERED_SECONDS = 30
"""A connection is over when what was sent on it is not taken for so long."""
TRIES = 3
"""Connections that may break before a host counts as one that has no further key."""
RSA = "rsa-sha2-512"
KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", RSA)
"""Types of hosts' keys, the one to ask for first in front."""


def tcp_socket(host: JumpHost) -> socket.socket:
    """A connection to the host's port. Raises ProviderError and its kinds."""
    try:
        sock = socket.create_connection((host.address, host.port), CONNECT_SECONDS)
    except OSError as error:
        raise errors.unreachable(host, error, CONNECT_SECONDS) from error
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNANSWERED_SECONDS * 1000)
    return sock


def begun(host: JumpHost, sock: Any, first: str | None = None, without: frozenset[str] = frozenset()) -> Any:
    """A transport that has the host's key and has not logged in. `first`: the type of key to ask for first.

    The socket is closed if this raises.
    """
    transport = StreamLocalTransport(sock)
    transport.banner_timeout = transport.handshake_timeout = BEGIN_SECONDS
    transport.auth_timeout, transport.channel_timeout = LOGIN_SECONDS, CHANNEL_SECONDS
    wanted = RSA if first == "ssh-rsa" else first
    types = [name for name in KEY_TYPES if name not in without]
    transport.get_security_options().key_types = sorted(types, key=lambda name: name != wanted)
    try:
        transport.start_client(timeout=BEGIN_SECONDS + 1)
    except IncompatiblePeer as error:
        transport.close()
        raise errors.incompatible(host, error) from error
    except (SSHException, EOFError, OSError) as error:
        transport.close()
        raise errors.silent(host, BEGIN_SECONDS) from error
    if not transport.initial_kex_done:
        transport.close()
        raise errors.silent(host, BEGIN_SECONDS)
    return transport


def key_of(transport: Any) -> HostKey:
    """The key that the host showed, and proved to have."""
    return HostKey.of(transport.get_remote_server_key())


def trusted(host: JumpHost, known: KnownHosts, connect: Callable[[], Any]) -> Any:
    """A transport to the host that the spec or the stored key means. `connect` makes a socket to it.

    Raises ProviderError for an unknown or a changed key, before anything of ours is sent.
    """
    if host.fingerprint is not None:
        return _of_fingerprint(host, connect)
    stored = known.key(host.name)
    transport = begun(host, connect(), first=stored.type if stored else None)
    shown = key_of(transport)
    if shown == stored:
        return transport
    transport.close()
    raise errors.changed_key(host, shown, stored) if stored else errors.unknown_key(host, shown)


def _of_fingerprint(host: JumpHost, connect: Callable[[], Any]) -> Any:
    """A host has several keys and shows one a connection, so a fingerprint may be that of the next."""
    shown = list[HostKey]()
    tries = 0
    while len(shown) < len(KEY_TYPES):
        seen = frozenset(RSA if key.type == "ssh-rsa" else key.type for key in shown)
        try:
            transport = begun(host, connect(), without=seen)
        except ProviderError as error:
            if not shown:
                raise
            tries += 1
            if isinstance(error, TransientError) and tries < TRIES:
                continue
            break  # sshd hangs up on who asks for a key that it has not, and not always with a word
        key = key_of(transport)
        if key.fingerprint == host.fingerprint:
            return transport
        transport.close()
        shown.append(key)
    raise errors.other_fingerprint(host, shown)


def log_in(host: JumpHost, transport: Any, keys: list[Any], file: str | None) -> None:
    """Log in with the first of the keys that the host takes. `file`: the one that the spec names, for the message."""
    for number, key in enumerate(keys):
        begin = time.monotonic()
        try:
            missing = transport.auth_publickey(host.user, key)
        except AuthenticationException as error:
            if time.monotonic() - begin >= LOGIN_SECONDS or (not transport.is_active() and number == 0):
                raise errors.late_login(host, LOGIN_SECONDS) from error
            if not transport.is_active():
                break  # sshd allows fewer tries than we have keys
        except (SSHException, EOFError, OSError) as error:
            raise errors.late_login(host, LOGIN_SECONDS) from error
        else:
            if missing:
                raise errors.more_than_a_key(host)
            transport.set_keepalive(KEEPALIVE_SECONDS)
            return
    raise errors.refused_login(host, file, len(keys))
