"""An sshd for the tests of this folder, and connections to it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra_specs.stackfile.models.hosts import Host
from tasks.ssh.connection import Connection
from tasks.ssh.known_hosts import HostKey, KnownHosts
from tests.support.sshd import Sshd, sshd
from tests.tasks.ssh.keys import key_of

Connect = Callable[..., Connection]


@pytest.fixture(scope="module")
def one_sshd() -> Iterator[Sshd]:
    with sshd(more="MaxSessions 2") as server:
        yield server


@pytest.fixture
def server(one_sshd: Sshd) -> Iterator[Sshd]:
    """Started anew for each test, on the same port."""
    one_sshd.start()
    yield one_sshd
    one_sshd.stop()
    one_sshd.with_sudo()


@pytest.fixture
def known(tmp_path: Path) -> KnownHosts:
    return KnownHosts(tmp_path)


@pytest.fixture
def host(server: Sshd) -> Host:
    return Host(address="127.0.0.1", port=server.port)


@pytest.fixture
def trusted(server: Sshd, host: Host, known: KnownHosts) -> HostKey:
    """The host's key, which is stored."""
    key = key_of(server, "ed25519")
    known.store({host.name: key})
    return key


@pytest.fixture
def connect(server: Sshd, host: Host, known: KnownHosts) -> Iterator[Connect]:
    """Make a connection to the host, with settings of it changed. All are closed at the end."""
    opened = list[Connection]()

    def connected(**settings: object) -> Connection:
        opened.append(Connection(host.model_copy(update=settings), known, str(server.key)))
        return opened[-1]

    yield connected
    for connection in opened:
        connection.close()
