"""The engine of a host over its one connection: many threads, and no session."""

import json
import socketserver
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from docker import DockerClient
from docker.utils.socket import frames_iter

from infra_specs.errors import TransientError
from infra_specs.stackfile.models.hosts import Host
from tasks.ssh.connection import Connection
from tasks.ssh.engine import open_engine
from tasks.ssh.known_hosts import KnownHosts
from tests.support.engine import address
from tests.support.images import local
from tests.support.sshd import Sshd, sshd
from tests.tasks.ssh.keys import key_of

THREADS, CALLS = 16, 40


class FakeEngine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """An engine that says its version and answers pings."""

    daemon_threads = True
    request_queue_size = 64

    class RequestHandlerClass(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps({"ApiVersion": "1.41"}).encode() if self.path == "/version" else b"OK"
            self.send_response(200)
            self.send_header("Content-Type", "application/json" if self.path == "/version" else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return ""

        def log_message(self, *_: object) -> None:
            """Not a word."""

    def __init__(self, path: str) -> None:
        super().__init__(path, self.RequestHandlerClass)


@pytest.fixture
def fake_engine(tmp_path: Path) -> Iterator[str]:
    path = str(tmp_path / "engine")
    with FakeEngine(path) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield path
        server.shutdown()


def connected(server: Sshd, home: Path) -> Connection:
    server.start()
    host = Host(address="127.0.0.1", port=server.port)
    known = KnownHosts(home)
    known.store({host.name: key_of(server, "ed25519")})
    return Connection(host, known, str(server.key))


@pytest.mark.local
def test_many_threads_ask_over_one_connection(fake_engine: str, tmp_path: Path) -> None:
    with sshd(fake_engine, more="MaxSessions 2") as server:
        connection = connected(server, tmp_path)
        engine = open_engine(connection)
        assert engine.api_version == "1.41"
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(lambda _: [engine.ping() for _ in range(CALLS)], range(THREADS)))
        assert answers == [[True] * CALLS] * THREADS
        assert connection.run("echo beside").text == "beside\n"
        assert server.log().count("Accepted publickey") == 1
        engine.close()
        connection.close()


@pytest.mark.local
def test_an_engine_is_asked_again_after_its_host_came_back(fake_engine: str, tmp_path: Path) -> None:
    with sshd(fake_engine) as server:
        connection = connected(server, tmp_path)
        engine = open_engine(connection)
        server.stop()
        with pytest.raises(TransientError, match="nothing listens there"):
            engine.ping()
        server.start()
        assert engine.ping()
        engine.close()
        connection.close()


@pytest.mark.local
@pytest.mark.parametrize(("socket", "more"), [("none", ""), ("engine", "AllowStreamLocalForwarding no")])
def test_no_way_to_an_engine(fake_engine: str, tmp_path: Path, socket: str, more: str) -> None:
    with sshd(str(tmp_path / socket), more=more) as server:
        connection = connected(server, tmp_path)
        with pytest.raises(TransientError) as silent:
            open_engine(connection)
        assert str(silent.value) == (
            f"{connection.host}: a channel to /var/run/docker.sock does not open: nothing listens there, root may not "
            "use it, or sshd forbids it (AllowStreamLocalForwarding)."
        )
        connection.close()


@pytest.mark.docker
def test_a_container_is_run_and_entered(engine: DockerClient, images: dict[str, str], tmp_path: Path) -> None:
    """What a real engine does that a pretended one does not: streams in both directions on one channel."""
    with sshd(address().removeprefix("unix://")) as server:
        connection = connected(server, tmp_path)
        over_ssh = open_engine(connection)
        created = over_ssh.create_container(local("base"), ["sleep", "60"], host_config=over_ssh.create_host_config())
        try:
            over_ssh.start(created["Id"])
            # It says nothing before it is told to: docker-py loses what comes together with the answer's headers.
            script = "read -r word; echo $word; echo err >&2"
            command = over_ssh.exec_create(created["Id"], ["sh", "-c", script], stdin=True)
            channel = over_ssh.exec_start(command["Id"], socket=True)
            channel.sendall(b"out\n")
            assert sorted(frames_iter(channel, tty=False)) == [(1, b"out\n"), (2, b"err\n")]
            assert over_ssh.exec_inspect(command["Id"])["ExitCode"] == 0
        finally:
            over_ssh.remove_container(created["Id"], force=True)
            over_ssh.close()
            connection.close()
