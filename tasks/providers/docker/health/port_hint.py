"""Where a program in a container listens, if not where the proxy asks for it, and what to write."""

from collections.abc import Iterator

_LISTENING = "0A"
_LOOPBACK_6 = "00000000000000000000000001000000"
_MAPPED = "0000000000000000FFFF0000"
_ENGINES_OWN = "0B00007F"
"""127.0.0.11, where the engine answers a container's questions for names."""


def port_hint(sockets: str, port: int) -> str:
    """What a reason adds for a program that should answer at `port`; empty if it listens there, or nowhere.

    `sockets` is the container's /proc/net/tcp, with or without tcp6 behind it.
    """
    listening = set(_listening(sockets))
    reached = {number for number, is_loopback in listening if not is_loopback}
    if port in reached:
        return ""
    if (port, True) in listening:
        return (
            f"; it listens on port {port} of 127.0.0.1 alone, where nothing outside of its container reaches it. Let "
            "it listen on 0.0.0.0"
        )
    if not listening:
        return ""
    ports = sorted({number for number, _ in listening})
    listens = f"port{'s' if len(ports) > 1 else ''} {' and '.join(map(str, ports))}"
    return (
        f"; it listens on {listens} and not on {port}, which `port` in the file says and the variable PORT gives it. "
        f"Let it read that, or write port: {ports[0]}"
    )


def _listening(sockets: str) -> Iterator[tuple[int, bool]]:
    """The port of each listening socket, and whether it is of loopback."""
    for line in sockets.splitlines():
        fields = line.split()
        if len(fields) < 4 or fields[3] != _LISTENING:
            continue
        host, _, port = fields[1].partition(":")
        if host != _ENGINES_OWN:
            yield int(port, 16), _is_loopback(host)


def _is_loopback(host: str) -> bool:
    """As the kernel writes it: each four bytes in the machine's order, the least first."""
    if len(host) == 8:
        return host.endswith("7F")
    return host == _LOOPBACK_6 or (host.startswith(_MAPPED) and host.endswith("7F"))
