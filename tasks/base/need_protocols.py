"""The first words to a database and to a Valkey, and what their answers say. No password is sent.

A question is bytes; a judge returns why an answer is not that of a server that is ready, or nothing.
"""

import struct

PROBE_USER = "probe"
"""An account of a Valkey that may ask for its health and its counts: it has no password, and sees no key."""
_PROTOCOL_3 = 3 << 16
_STARTING = b"C57P03"
"""The code of "cannot connect now": it starts, recovers, or shuts down."""


def postgres_question(user: str, database: str) -> bytes:
    """The startup message of PostgreSQL's protocol."""
    words = b"".join(f"{name}\0{value}\0".encode() for name, value in (("user", user), ("database", database)))
    return struct.pack("!ii", len(words) + 9, _PROTOCOL_3) + words + b"\0"


def postgres_fault(answer: bytes) -> str:
    """It accepts connections long before it has recovered from a crash; asking for a password says that it is ready."""
    if postgres_starts(answer):
        return "the database is starting up"
    return "" if answer[:1] in (b"R", b"E") else "the database does not speak its protocol yet"


def postgres_starts(answer: bytes) -> bool:
    """Whether it says that it starts or recovers, which takes as long as it takes and is no fault."""
    return answer[:1] == b"E" and _STARTING in answer


def valkey_question(user: str = "") -> bytes:
    """A question; the answer has a line for each of its lines. As nobody one is not told that the server is loading."""
    return (f"AUTH {user} {user}\r\nPING\r\n" if user else "PING\r\n").encode()


def valkey_statistics_question(user: str, section: str) -> bytes:
    """What a server counts: `commandstats`, how often each command was called, or `memory`.

    The server closes the connection after its answer.
    """
    return f"AUTH {user} {user}\r\nINFO {section}\r\nQUIT\r\n".encode()


def valkey_starts(answer: bytes) -> bool:
    """Whether it says that it loads its file, which takes as long as it takes and is no fault."""
    return b"-LOADING" in answer


def valkey_fault(answer: bytes) -> str:
    """An answer that asks for a password will do."""
    last = answer.rstrip().rpartition(b"\n")[2]
    if last.startswith((b"+PONG", b"-NOAUTH")):
        return ""
    return f"the server answered {last[:80].decode(errors='replace').strip() or 'nothing'}"
