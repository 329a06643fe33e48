"""A Valkey's settings, wherever it runs: as a cache, or as a queue."""

import re
import socket

from infra_specs.advice.cache_use import queue_writes
from tasks.base.need_protocols import PROBE_USER, valkey_statistics_question

_ANSWER_SECONDS = 1.0
_NUMBER = re.compile(r"^([a-z_]+):([0-9]+)\r?$", re.MULTILINE)
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
_PROBE = f"user {PROBE_USER} on nopass -@all +ping +info|commandstats +info|memory"


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
    answer = _statistics(host, port, "commandstats")
    return queue_writes(answer) if "# Commandstats" in answer else None


def memory_used(host: str, port: int) -> tuple[int, int] | None:
    """Bytes that a Valkey uses of those that count towards its limit, and the limit; None where it does not say.

    One that an earlier version started tells nobody. Waits for a second.
    """
    return memory_in(_statistics(host, port, "memory"))


def memory_in(statistics: str) -> tuple[int, int] | None:
    """The same from what `INFO memory` says."""
    numbers = {name: int(value) for name, value in _NUMBER.findall(statistics)}
    if not {"used_memory", "maxmemory"} <= numbers.keys():
        return None
    return max(0, numbers["used_memory"] - numbers.get("used_memory_startup", 0)), numbers["maxmemory"]


def _statistics(host: str, port: int, section: str) -> str:
    answer = b""
    try:
        with socket.create_connection((host, port), timeout=_ANSWER_SECONDS) as connection:
            connection.settimeout(_ANSWER_SECONDS)
            connection.sendall(valkey_statistics_question(PROBE_USER, section))
            while more := connection.recv(2**16):
                answer += more
    except OSError:
        return ""
    return answer.decode(errors="replace")


def _quoted(value: str) -> str:
    return "".join(char if char.isalnum() else "".join(f"\\x{byte:02x}" for byte in char.encode()) for char in value)
