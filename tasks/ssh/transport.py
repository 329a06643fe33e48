"""A transport of paramiko that also opens channels to Unix sockets of the host, as OpenSSH's own client does.

Such a channel is no session, of which sshd allows ten on one connection.
"""

import logging
import threading
from typing import Any

from paramiko import Message, Transport

# Its errors reach us as exceptions, and become ours. It writes them to the terminal, too, with their tracebacks.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)

UNIX_SOCKET = "direct-streamlocal@openssh.com"


class StreamLocalTransport(Transport):  # type: ignore[misc]  # paramiko has no types
    """One SSH connection. Many threads may open channels on it."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        self._opening = threading.local()
        super().__init__(*args, **settings)

    def open_unix_channel(self, path: str, timeout: float) -> Any:
        """A channel to the socket at `path`, which works as a socket does. Raises what `open_channel` raises."""
        self._opening.path = path
        try:
            return self.open_channel(UNIX_SOCKET, timeout=timeout)
        finally:
            self._opening.path = None

    def _send_user_message(self, data: Message) -> None:
        """Paramiko's own knows no such channel. What opens it is the next message that its thread sends."""
        path, self._opening.path = getattr(self._opening, "path", None), None
        if path is not None:
            data.add_string(path)
            data.add_string("")  # reserved by OpenSSH's protocol, as the number is
            data.add_int(0)
        super()._send_user_message(data)
