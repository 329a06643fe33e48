"""Ports that do not clash: free when given, remembered by who has them, shared by every stack below one home."""

import contextlib
import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

from infra_specs.errors import ProviderError
from tasks.providers.local.files import read_json, write_json
from tasks.supervisor.port_owner import taken_by

FIRST_PORT, LAST_PORT = 20_000, 31_999
"""Below the ports that Linux gives to outgoing connections, which would take one between two starts."""


def take(
    home: Path, stack: str, owner: str, wanted: int | None = None, *, in_use: bool = False, known: bool = False
) -> int:
    """A port for `owner`, the same as before while it is free. ProviderError if `wanted` belongs to somebody else.

    `in_use`: the owner runs, so its own port is not free and is kept all the same. `known`: people know the port, so
    it moves only to a wanted one; ProviderError if another program has it.
    """
    with _registry(home) as ports:
        key = f"{stack}:{owner}"
        mine = {port for port, holder in ports.items() if holder == key}
        port_before = next((port for port in mine if wanted in (None, port) and (in_use or is_free(port))), None)
        if port_before is None and wanted is not None:
            _refuse_taken(wanted, key, ports)
        elif port_before is None and known and mine:
            raise ProviderError(f"{_taken(min(mine))}: stop that, or name another port in the stack's target")
        port = port_before or wanted or _any_free(ports)
        for old in mine:
            del ports[old]
        ports[port] = key
    return port


def release(home: Path, stack: str, owner: str | None = None) -> None:
    """Forget the ports of one owner, or of the whole stack."""
    with _registry(home) as ports:
        for port, holder in list(ports.items()):
            if holder == f"{stack}:{owner}" or (owner is None and holder.startswith(f"{stack}:")):
                del ports[port]


def of_owner(home: Path, stack: str, owner: str) -> int | None:
    """The port that an owner has, if any."""
    holders = read_json(home / "ports.json") or {}
    return next((int(port) for port, holder in holders.items() if holder == f"{stack}:{owner}"), None)


def owners(home: Path, stack: str) -> set[str]:
    """Who of a stack has a port."""
    holders = (read_json(home / "ports.json") or {}).values()
    return {owner for name, _, owner in (holder.partition(":") for holder in holders) if name == stack}


def is_free(port: int) -> bool:
    """Nobody listens there, on any address. Servers that share a port (SO_REUSEPORT) are found too.

    Raises ProviderError for a port that this account may not listen on.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))  # noqa: S104 - bound, never listened on: the check covers every address
        except PermissionError:
            raise ProviderError(
                f"port {port}: this account may not listen there, for ports below 1024 need root. Choose another "
                f"(`target: public_port`, `tls: redirect`), and have port {port} led to it"
            ) from None
        except OSError:
            return False
    return True


def _refuse_taken(port: int, key: str, ports: dict[int, str]) -> None:
    holder = ports.get(port, key)
    if holder != key:
        stack, _, owner = holder.partition(":")
        raise ProviderError(f"port {port} belongs to {owner} of stack {stack}: choose another port")
    if not is_free(port):
        raise ProviderError(f"{_taken(port)}: stop that, or choose another port")


def _taken(port: int) -> str:
    return taken_by(port) or f"port {port} is taken by another program"


def _any_free(ports: dict[int, str]) -> int:
    """From a random one on, to the last that is free: two homes seldom choose the same at once."""
    count = LAST_PORT - FIRST_PORT + 1
    first = secrets.randbelow(count)
    for offset in range(count):
        port = FIRST_PORT + (first + offset) % count
        if port not in ports and is_free(port):
            return port
    raise ProviderError(f"no free port found between {FIRST_PORT} and {LAST_PORT}: stop some of what listens there")


@contextlib.contextmanager
def _registry(home: Path) -> Iterator[dict[int, str]]:
    """Who has which port, for one change by one process at a time; stacks that are gone have none."""
    handle = os.open(home / "ports.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        holders = read_json(home / "ports.json") or {}
        ports = {int(port): holder for port, holder in holders.items() if _stands(home, holder)}
        yield ports
        write_json(home / "ports.json", ports)
    finally:
        os.close(handle)


def _stands(home: Path, holder: str) -> bool:
    return (home / "stacks" / holder.partition(":")[0]).is_dir()
