"""No word is said to a host whose key is not the known one, and what is said of one that cannot be reached."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from infra_specs.errors import ProviderError, TransientError
from infra_specs.stackfile.models.hosts import Host
from tasks.ssh import handshake
from tasks.ssh.connection import Connection
from tasks.ssh.connections import Connections
from tasks.ssh.known_hosts import HostKey, KnownHosts
from tests.support.sshd import KINDS, Sshd, free_port
from tests.tasks.ssh.conftest import Connect
from tests.tasks.ssh.keys import key_of

pytestmark = pytest.mark.local


def refusal(connection: Connection, kind: type[ProviderError] = ProviderError) -> str:
    with pytest.raises(ProviderError) as refused:
        connection.run("true")
    assert type(refused.value) is kind
    return str(refused.value)


def test_an_unknown_key(server: Sshd, host: Host, connect: Connect) -> None:
    assert refusal(connect()) == (
        f"{host}: its key {key_of(server, 'ed25519')} is not known here. Look at it and store it: tenfold hosts trust "
        "FILE. Or write the fingerprint into the host's `fingerprint`."
    )
    assert "Accepted publickey" not in server.log()


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_key(server: Sshd, host: Host, known: KnownHosts, connect: Connect, kind: str) -> None:
    before = HostKey(key_of(server, kind).type, b"another")
    known.store({host.name: before})
    server.stop()
    server.start("ed25519", "rsa")
    shown = key_of(server, "rsa" if kind == "rsa" else "ed25519")
    assert refusal(connect()) == (
        f"{host}: its key is {shown} and was {before}. If the host was installed anew, look at the key and store it: "
        "tenfold hosts trust FILE. If it was not, somebody else may answer in its place; nothing was sent."
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_stored_key_of_any_kind_is_asked_for(
    server: Sshd, host: Host, known: KnownHosts, connect: Connect, kind: str
) -> None:
    server.stop()
    server.start(*KINDS)
    known.store({host.name: key_of(server, kind)})
    assert connect().run("echo hello").text == "hello\n"


@pytest.mark.parametrize("kind", KINDS)
def test_a_fingerprint_in_the_spec_may_be_of_any_of_its_keys(server: Sshd, connect: Connect, kind: str) -> None:
    server.stop()
    server.start(*KINDS)
    assert connect(fingerprint=key_of(server, kind).fingerprint).run("echo hello").text == "hello\n"


def test_another_fingerprint_than_the_specs(server: Sshd, host: Host, connect: Connect) -> None:
    server.stop()
    server.start("ed25519", "rsa")
    wrong = "SHA256:" + 43 * "A"
    assert refusal(connect(fingerprint=wrong)) == (
        f"{host}: its key is {key_of(server, 'ed25519')} and {key_of(server, 'rsa')}, and the spec says {wrong}. "
        "Correct `fingerprint` if the host was installed anew. If it was not, somebody else may answer in its place; "
        "nothing was sent."
    )


@pytest.mark.parametrize("user", ["shut", "nobody-there"])
def test_a_refused_login(server: Sshd, host: Host, trusted: HostKey, connect: Connect, user: str) -> None:
    assert refusal(connect(user=user)) == (
        f"{host}: {user} may not log in with the key {server.key}. Put its public half into "
        f"~{user}/.ssh/authorized_keys there (ssh-copy-id), or name another `user` or `key`."
    )


def test_a_second_proof(server: Sshd, host: Host, trusted: HostKey, connect: Connect) -> None:
    server.stop()
    server.more, before = "AuthenticationMethods publickey,password\nPasswordAuthentication yes", server.more
    server.start()
    server.more = before
    assert refusal(connect()) == (
        f"{host}: a key alone does not log root in, for its sshd asks for a second proof. Allow this account a key "
        "alone (AuthenticationMethods publickey)."
    )


def test_nothing_listens(connect: Connect) -> None:
    port = free_port()
    assert refusal(connect(port=port), TransientError) == (
        f"[127.0.0.1]:{port}: nothing listens there. Is sshd started, and is {port} its port?"
    )


def test_a_name_that_is_not_known(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    def lookup(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    assert refusal(connect(address="host.invalid", port=22)) == (
        "host.invalid: no such name is known. Correct the `address`, or write an IP address."
    )


def test_one_that_accepts_and_says_nothing_is_waited_for_once(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake, "BEGIN_SECONDS", 1.0)
    accepted = list[socket.socket]()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=_accept, args=(silent, accepted), daemon=True).start()
        port = silent.getsockname()[1]
        connection = connect(port=port)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: refusal(connection, TransientError), range(8)))
    assert set(answers) == {
        f"[127.0.0.1]:{port}: a connection is accepted, and no SSH begins within 1 s. The host hangs, or something "
        f"else listens on port {port}."
    }
    assert len(accepted) == 1  # the others shared its failure
    for sock in accepted:
        sock.close()


def test_the_key_that_a_host_shows_is_told_without_a_login(
    server: Sshd, host: Host, known: KnownHosts, tmp_path
) -> None:  # type: ignore[no-untyped-def]
    server.stop()
    server.start(*KINDS)
    with Connections([host], None, tmp_path) as connections:
        assert connections.shown_key(host) == key_of(server, "ed25519")
        known.store({host.name: key_of(server, "rsa")})
        assert connections.shown_key(host) == key_of(server, "rsa")  # to be held against the stored one


def _accept(server: socket.socket, accepted: list[socket.socket]) -> None:
    with suppress(OSError):
        while True:
            accepted.append(server.accept()[0])
