"""How many clients a proxy may have at once, from what its machine gives."""

CONNECTION_BYTES = 64 * 2**10
"""Memory that an idle connection over TLS may take in the proxy."""
_MEMORY_SHARE = 8
_FILES_SHARE = 4
_LEAST, _MOST = 256, 65_536


def connection_limit(memory: int, files: int) -> int:
    """Connections that a listener takes from clients at once: a power of two between 256 and 65 536.

    `memory` is the machine's in bytes, `files` the number of files that the proxy may open. All of them together take
    an eighth of the memory at most, and a quarter of the files: the others are for the replicas and other listeners.
    """
    most = min(memory // _MEMORY_SHARE // CONNECTION_BYTES, files // _FILES_SHARE, _MOST)
    return 1 << max(most, _LEAST).bit_length() - 1
