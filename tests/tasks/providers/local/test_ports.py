"""Ports: remembered, never given twice, refused by number."""

import socket
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local import ports

pytestmark = [pytest.mark.local, pytest.mark.proof]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for stack in ("one", "two"):
        (tmp_path / "stacks" / stack).mkdir(parents=True)
    return tmp_path


def test_an_owner_keeps_its_port_while_it_is_free(home: Path) -> None:
    port = ports.take(home, "one", "database/main")
    assert ports.take(home, "one", "database/main") == port
    assert ports.take(home, "two", "database/main") != port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert ports.take(home, "one", "database/main", in_use=True) == port
        moved = ports.take(home, "one", "database/main")
    assert moved != port


def test_a_wanted_port_of_somebody_else_is_refused(home: Path) -> None:
    port = ports.take(home, "one", "proxy/main")
    with pytest.raises(ProviderError, match=f"port {port} belongs to proxy/main of stack one"):
        ports.take(home, "two", "proxy/main", port)
    ports.release(home, "one")
    assert ports.take(home, "two", "proxy/main", port) == port


def test_a_port_that_needs_root_is_said_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ports.socket.socket, "bind", refused)
    with pytest.raises(ProviderError, match=r"port 443: this account may not listen there, .*`target: public_port`"):
        ports.take(home, "one", "proxy/main:public", 443, known=True)


def test_what_is_gone_holds_no_port(home: Path) -> None:
    port = ports.take(home, "one", "proxy/main")
    (home / "stacks" / "one").rmdir()
    assert ports.take(home, "two", "proxy/main", port) == port


def test_releasing_one_owner_spares_the_others(home: Path) -> None:
    first, second = ports.take(home, "one", "a"), ports.take(home, "one", "b")
    ports.release(home, "one", "a")
    assert ports.take(home, "two", "x", first) == first
    with pytest.raises(ProviderError, match="belongs to b of stack one"):
        ports.take(home, "two", "y", second)


def test_the_last_free_port_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A range that is all but exhausted, as by thousands of programs on one machine."""
    last = ports.FIRST_PORT + 7_777
    monkeypatch.setattr(ports, "is_free", lambda port: port == last)
    assert ports.take(home, "one", "a") == last
    with pytest.raises(ProviderError, match=r"no free port found between 20000 and 31999"):
        ports.take(home, "one", "b")
    ports.release(home, "one", "a")
    assert ports.take(home, "two", "b") == last
