"""A server proves that it belongs to an installation, before anybody shows it the login.

The caller sends a number that was never used before; the server answers with its keyed hash (HMAC), which needs the
login's secret and does not tell it. The hash covers the port that the server listens on, so that a stranger on one port
cannot pass the question on to the true server on another.
"""

import hashlib
import hmac
import json
import secrets
import time
from typing import Any

import httpx

from deployments.server.login import Login
from infra_specs.errors import ServerError

PROOF_PATH = "/tenfold/proof"
NONCE_BYTES = 32
LONGEST_NONCE = 200
LONGEST_ANSWER = 1000
ANSWER_SECONDS = 10.0


def proof(login: Login, nonce: str, port: int) -> str:
    """What the true server on this port answers to this nonce."""
    return hmac.new(login.key_for("proof"), f"{port} {nonce}".encode(), hashlib.sha256).hexdigest()


def require_proof(login: Login, host: str, port: int) -> None:
    """Return if the server there proves this installation's login. Sends no secret.

    Raises ServerError for one that does not, httpx.TransportError while nobody answers.
    """
    nonce = secrets.token_hex(NONCE_BYTES)
    answer = _answered(f"http://{host}:{port}{PROOF_PATH}", nonce)
    if not hmac.compare_digest(answer.encode(errors="replace"), proof(login, nonce, port).encode()):
        raise ServerError(
            f"Port {port} is answered by another program than this installation's control plane, so no login was sent "
            "there. Look at: tenfold server status"
        )


def _answered(url: str, nonce: str) -> str:
    """The proof that a server answers with; empty for whatever else a stranger says, however long."""
    body, until = b"", time.monotonic() + ANSWER_SECONDS
    with (
        httpx.Client(timeout=ANSWER_SECONDS, trust_env=False) as client,
        client.stream("GET", url, params={"nonce": nonce}) as answer,
    ):
        for part in answer.iter_raw():
            body += part
            if len(body) > LONGEST_ANSWER or time.monotonic() > until:
                return ""
    try:
        data: Any = json.loads(body)
        return str(data["proof"]) if answer.is_success else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


class ProvenTransport(httpx.HTTPTransport):
    """Sends a request, and the login with it, only over a connection to a server that has just proven whose it is."""

    def __init__(self, login: Login) -> None:
        super().__init__(trust_env=False)
        self._login = login

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As any transport does. Raises ServerError where a stranger answers."""

        def trace(event: str, _info: object) -> None:
            # Of each new connection, before a byte of the request is sent.
            if event == "connection.connect_tcp.complete":
                require_proof(self._login, request.url.host, request.url.port or 80)

        request.extensions["trace"] = trace
        request.headers["Authorization"] = self._login.header
        return super().handle_request(request)
