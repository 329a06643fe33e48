"""A Valkey's settings, wherever it runs: as a cache, or as a queue."""

from tasks.base.need_protocols import PROBE_USER

_FORGETS = ("maxmemory-policy allkeys-lru", "appendonly no")
# On the disk before it is answered for. With an fsync a second (`everysec`) answers do not wait for a write that an
# fsync under way holds up: on a busy disk a kill lost 13 226 jobs that had been acknowledged. And a full disk ends the
# server before it answers; with `everysec` it would answer for one job more than it could write.
_KEEPS = (
    "maxmemory-policy noeviction",
    "appendonly yes",
    "appendfsync always",
    # Asks for its health and may do nothing else. Without a login it could not be told that the server is loading.
    f"user {PROBE_USER} on nopass -@all +ping",
)


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
            'save ""',
            "daemonize no",
            "",
        )
    )


def _quoted(value: str) -> str:
    return "".join(char if char.isalnum() else "".join(f"\\x{byte:02x}" for byte in char.encode()) for char in value)
