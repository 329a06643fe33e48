"""A server proves whose it is before it hears the login, and nobody can pass the question on."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from deployments.cli.following.prefect_api import PrefectApi
from deployments.cli.following.proven_transport import ProvenTransport
from deployments.server.login import Login
from deployments.server.proof import proof, require_proof
from infra_specs.errors import ServerError

pytestmark = pytest.mark.local
LOGIN = Login("s" * 43)


class Listener:
    """A server on loopback that proves itself as `prove` says, and remembers which logins it was shown."""

    def __init__(self, prove: Callable[[str, int], str | None]) -> None:
        self.logins: list[str] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if shown := self.headers["Authorization"]:
                    listener.logins.append(shown)
                nonce = parse_qs(urlsplit(self.path).query).get("nonce", [""])[0]
                answer = prove(nonce, listener.port) if nonce else "{}"
                self.send_response(200 if answer is not None else 404)
                self.end_headers()
                self.wfile.write((answer or "").encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def listening(prove: Callable[[str, int], str | None]) -> Iterator[Listener]:
    listener = Listener(prove)
    try:
        yield listener
    finally:
        listener.end()


def true(nonce: str, port: int) -> str:
    return json.dumps({"proof": proof(LOGIN, nonce, port)})


def test_the_true_server_is_shown_the_login() -> None:
    with listening(true) as server:
        require_proof(LOGIN, "127.0.0.1", server.port)
        with httpx.Client(transport=ProvenTransport(LOGIN), trust_env=False) as client:
            assert client.get(f"http://127.0.0.1:{server.port}/x").is_success
        assert server.logins == [LOGIN.header]


@pytest.mark.parametrize(
    "prove",
    [
        lambda nonce, port: json.dumps({"proof": proof(Login("t" * 43), nonce, port)}),
        lambda nonce, port: json.dumps({"proof": nonce}),
        lambda nonce, port: json.dumps({"proof": ""}),
        lambda nonce, port: json.dumps({"proof": None}),
        lambda nonce, port: json.dumps({"proof": "ü\ud800"}),
        lambda nonce, port: '{"proof": "ü"}',
        lambda nonce, port: "[" * 10**6,
        lambda nonce, port: " " * 10**6 + true(nonce, port),
        lambda nonce, port: "true",
        lambda nonce, port: "<html>",
        lambda nonce, port: None,
    ],
)
def test_a_stranger_never_hears_the_login(prove: Callable[[str, int], str | None]) -> None:
    with listening(prove) as stranger, httpx.Client(transport=ProvenTransport(LOGIN), trust_env=False) as client:
        with pytest.raises(ServerError) as refused:
            client.get(f"http://127.0.0.1:{stranger.port}/x")
        assert str(refused.value) == (
            f"Port {stranger.port} is answered by another program than this installation's control plane, so no login "
            "was sent there. Look at: tenfold server status"
        )
        assert stranger.logins == []


def test_who_passes_the_question_on_to_the_true_server_gets_an_answer_that_is_no_good() -> None:
    with listening(true) as server:

        def pass_on(nonce: str, _port: int) -> str:
            return httpx.get(f"http://127.0.0.1:{server.port}/", params={"nonce": nonce}, trust_env=False).text

        with listening(pass_on) as stranger, pytest.raises(ServerError):
            require_proof(LOGIN, "127.0.0.1", stranger.port)


def test_an_answer_is_good_for_its_own_question() -> None:
    assert proof(LOGIN, "a", 1) != proof(LOGIN, "b", 1)
    assert proof(LOGIN, "a", 1) != proof(LOGIN, "a", 2)
    assert LOGIN.secret not in proof(LOGIN, "a", 1)


@contextmanager
def dying(answer: bytes | None) -> Iterator[int]:
    """The port of a server that hears one question, answers so and ends; None: it hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listening_socket:
        over = threading.Event()

        def serve() -> None:
            connection, _ = listening_socket.accept()  # the caller's own
            question, _ = listening_socket.accept()
            with connection, question:
                question.recv(10_000)
                if answer is None:
                    over.wait()
                else:
                    question.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening_socket.getsockname()[1]
        finally:
            over.set()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{", None])
def test_a_server_that_ends_or_hangs_is_silent_and_no_stranger(
    answer: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.server.proof.ANSWER_SECONDS", 0.5 if answer is None else 10.0)
    with dying(answer) as port:
        api = PrefectApi(f"http://127.0.0.1:{port}/api", ProvenTransport(LOGIN))
        with api, pytest.raises(ServerError, match="does not answer"):
            api.run("any")
