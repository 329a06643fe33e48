"""A Valkey's settings, wherever it runs: as a cache, or as a queue."""

import socket

from infra_specs.advice.cache_use import queue_writes
from tasks.base.need_protocols import PROBE_USER, valkey_statistics_question

_ANSWER_SECONDS = 1.0
_FORGETS = ("maxmemory-policy allkeys-lru", "appendonly no")
# On the disk before it is answered for. With an fsync a second (`everysec`) answers do not wait for a write that an
# fsync under way holds up: on a busy disk a kill lost 13 226 jobs that had been acknowledged. And a full disk ends the
# server before it answers; with `everysec` it would answer for one job more than it could write.
_KEEPS = (
    "maxmemory-policy noeviction",
    "appendonly yes",
    "appendfsync always",
)
# It asks for the health, which nobody else is told while the server is loading, and for counts. It sees no key.
_PROBE = f"user {PROBE_USER} on nopass -@all +ping +info|commandstats"


def conf(port: int, password: str, memory: int, *, address: str = "127.0.0.1", folder: str = "") -> str:
    """The whole of valkey.conf; `memory` in bytes, `address` what it listens on.

    With a `folder` it keeps there what it is given and refuses more when full; else it keeps nothing and forgets the
    least used.
    """
    keeping = (*_KEEPS, f'dir "{_quoted(folder)}"') if folder else _FORGETS
    return "\n".join(
        (
            f"bind {address}",
            f"port {port}",
            "protected-mode yes",
            f'requirepass "{_quoted(password)}"',
            f"maxmemory {memory}",
            *keeping,
            _PROBE,
            'save ""',
            "daemonize no",
            "",
        )
    )


def written_to_queues(host: str, port: int) -> int | None:
    """Writes to lists and streams since a Valkey was started; None where it does not say. Waits for a second."""
    answer = b""
    try:
        with socket.create_connection((host, port), timeout=_ANSWER_SECONDS) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            connection.sendall(valkey_statistics_question(PROBE_USER))
            while more := connection.recv(2**16):
                answer += more
    except OSError:
        return None
    return queue_writes(answer.decode(errors="replace")) if b"# Commandstats" in answer else None


def _quoted(value: str) -> str:
    return "".join(char if char.isalnum() else "".join(f"\\x{byte:02x}" for byte in char.encode()) for char in value)
