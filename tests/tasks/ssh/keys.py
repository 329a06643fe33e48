"""Keys of the tests' hosts."""

import base64

from tasks.ssh.known_hosts import HostKey
from tests.support.sshd import Sshd


def key_of(server: Sshd, kind: str) -> HostKey:
    """One of the server's keys."""
    name, text = server.public(kind)
    return HostKey(name, base64.b64decode(text))
