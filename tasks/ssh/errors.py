"""Errors of sockets and of paramiko as ours, with the words for the person who has to do something."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from paramiko import ChannelException, SSHException

from infra_specs.errors import ProviderError, TransientError
from infra_specs.stackfile.models.hosts import JumpHost
from tasks.ssh.known_hosts import HostKey

TRUST = "tenfold hosts trust FILE"
"""The command that shows keys and stores them."""
NOBODY = "nothing answers at its other end"
_PROHIBITED, _CONNECT_FAILED = 1, 2
"""Why sshd opens no channel: it may not, or there is nobody at its other end."""


def unreachable(host: JumpHost, error: OSError, seconds: float) -> ProviderError:
    """No TCP connection came about."""
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return TransientError(f"{host}: the name cannot be looked up now, for no name server answers.")
        return ProviderError(f"{host}: no such name is known. Correct the `address`, or write an IP address.")
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return TransientError(f"{host}: no answer within {seconds:g} s. Is the host on, and its firewall open for SSH?")
    if error.errno == errno.ECONNREFUSED:
        return TransientError(f"{host}: nothing listens there. Is sshd started, and is {host.port} its port?")
    return TransientError(f"{host}: no connection: {os.strerror(error.errno) if error.errno else error}.")


def silent(host: JumpHost, seconds: float) -> TransientError:
    """Something accepts a connection, and no SSH begins."""
    return TransientError(
        f"{host}: a connection is accepted, and no SSH begins within {seconds:g} s. The host hangs, or something else "
        f"listens on port {host.port}."
    )


def incompatible(host: JumpHost, error: Exception) -> ProviderError:
    """The two have no algorithm in common."""
    return ProviderError(f"{host}: its SSH is too old or too strict for ours: {error}. Update its openssh-server.")


def unknown_key(host: JumpHost, key: HostKey) -> ProviderError:
    """Nobody has looked at the host's key."""
    return ProviderError(
        f"{host}: its key {key} is not known here. Look at it and store it: {TRUST}. Or write the fingerprint into the "
        "host's `fingerprint`."
    )


def changed_key(host: JumpHost, key: HostKey, known: HostKey) -> ProviderError:
    """The host shows another key than the stored one."""
    return ProviderError(
        f"{host}: its key is {key} and was {known}. If the host was installed anew, look at the key and store it: "
        f"{TRUST}. If it was not, somebody else may answer in its place; nothing was sent."
    )


def other_fingerprint(host: JumpHost, keys: list[HostKey]) -> ProviderError:
    """The host has no key with the fingerprint that the spec gives."""
    return ProviderError(
        f"{host}: its key is {' and '.join(map(str, keys))}, and the spec says {host.fingerprint}. Correct "
        "`fingerprint` if the host was installed anew. If it was not, somebody else may answer in its place; nothing "
        "was sent."
    )


def refused_login(host: JumpHost, key: str | None, tried: int) -> ProviderError:
    """None of the keys lets us in."""
    what = f"the key {key}" if key else f"the {tried} keys that were tried" if tried > 1 else "the key that was tried"
    return ProviderError(
        f"{host}: {host.user} may not log in with {what}. Put its public half into ~{host.user}/.ssh/authorized_keys "
        "there (ssh-copy-id), or name another `user` or `key`."
    )


def more_than_a_key(host: JumpHost) -> ProviderError:
    """The host asks for a second proof."""
    return ProviderError(
        f"{host}: a key alone does not log {host.user} in, for its sshd asks for a second proof. Allow this account a "
        "key alone (AuthenticationMethods publickey)."
    )


def late_login(host: JumpHost, seconds: float) -> TransientError:
    """The host asked for time, or hung up, while we logged in."""
    return TransientError(f"{host}: the login of {host.user} did not end within {seconds:g} s, or sshd hung up.")


def sudo_wants_password(host: JumpHost) -> ProviderError:
    """Sudo is there, and not free."""
    return ProviderError(
        f"{host}: sudo asks {host.user} for a password, or does not allow it. As root, write into the file "
        f"/etc/sudoers.d/tenfold: {host.user} ALL=(ALL) NOPASSWD: ALL"
    )


def no_sudo(host: JumpHost) -> ProviderError:
    """There is no sudo."""
    return ProviderError(
        f"{host}: {host.user} is not root, and there is no sudo. Install it (apt install sudo), or let `user` be root."
    )


def refused_channel(host: JumpHost, what: str, error: ChannelException, why_not: str = NOBODY) -> ProviderError:
    """The host answers, and opens no channel."""
    if error.code == _PROHIBITED:
        return ProviderError(f"{host}: sshd refuses {what}. Allow it in its sshd_config: AllowTcpForwarding yes")
    if error.code == _CONNECT_FAILED:
        return TransientError(f"{host}: {what} does not open: {why_not}.")
    return TransientError(f"{host}: {what} does not open: {error.text}.")


@contextmanager
def translated(host: JumpHost, what: str) -> Iterator[None]:
    """A block in which a connection that breaks or is silent is TransientError."""
    try:
        yield
    except ChannelException as error:
        raise refused_channel(host, what, error) from error
    except TimeoutError as error:
        raise TransientError(f"{host}: {what} does not end in time. The host hangs, or is very busy.") from error
    except (SSHException, EOFError, OSError) as error:
        raise TransientError(f"{host}: the connection broke during {what}: {str(error) or 'it ended'}.") from error
