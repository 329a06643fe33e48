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
from contextlib import closing
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any

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

    Raises ServerError for one that does not, OSError while nobody answers.
    """
    nonce = secrets.token_hex(NONCE_BYTES)
    answer = _answered(host, port, nonce)
    if not hmac.compare_digest(answer.encode(errors="replace"), proof(login, nonce, port).encode()):
        raise ServerError(
            f"Port {port} is answered by another program than this installation's control plane, so no login was sent "
            "there. Look at: tenfold server status"
        )


def _answered(host: str, port: int, nonce: str) -> str:
    """The proof that a server answers with; empty for whatever else a stranger says, however long."""
    body, until = b"", time.monotonic() + ANSWER_SECONDS
    with closing(HTTPConnection(host, port, timeout=ANSWER_SECONDS)) as connection:
        connection.request("GET", f"{PROOF_PATH}?nonce={nonce}")
        try:
            answer = connection.getresponse()
            while part := answer.read1(LONGEST_ANSWER):
                body += part
                if len(body) > LONGEST_ANSWER or time.monotonic() > until:
                    return ""
            if answer.length:  # bytes that it promised and did not send
                raise ConnectionResetError("it ended within its answer")
            data: Any = json.loads(body)
            return str(data["proof"]) if answer.status == HTTPStatus.OK else ""
        except ConnectionError:  # also where it is an HTTPException: a server that ends is no stranger
            raise
        except (HTTPException, ValueError, KeyError, TypeError, RecursionError):
            return ""
