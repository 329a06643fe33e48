"""Whether a host's name leads here: asked as an authority will ask, and before it, since it counts what fails."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from threading import Event, Timer

from infra_specs.errors import CertificateRefused

HTTP_PORT = 80
"""Where every authority asks."""
ANSWER_SECONDS = 10.0
"""How long an address may take for its whole answer."""
_MOST_BYTES = 1000
_PATH = "/.well-known/acme-challenge/"


def ask_name(host: str, token: str, answer: str) -> None:
    """Ask the name on all its addresses, IPv4 and IPv6, for the answer of this token. Blocks.

    Raises CertificateRefused, which says what to do, if it has no address or one of them does not give the answer.
    """
    for address in _addresses(host):
        if fault := _fault(host, address, f"{_PATH}{token}", answer):
            raise CertificateRefused(fault, reached=False, stands=True)


def _addresses(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, HTTP_PORT, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CertificateRefused(
            f"{host} has no address that this machine can find ({error.strerror}). Have its A record, or AAAA, lead to "
            "the machine of the proxy.",
            reached=False,
            stands=True,
        ) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _fault(host: str, address: str, path: str, answer: str) -> str:
    connection = http.client.HTTPConnection(address, HTTP_PORT, timeout=ANSWER_SECONDS)
    late = Event()
    try:
        connection.connect()
        with _cut_off(connection.sock, late):
            connection.request("GET", path, headers={"Host": host})
            response = connection.getresponse()
            status, text = response.status, response.read(_MOST_BYTES).decode("latin-1")
        if status == HTTPStatus.OK and text.strip() == answer:
            return ""
        said = f"somebody else answers at port {HTTP_PORT} (status {status})"
    except OSError as error:
        said = f"nobody answers at port {HTTP_PORT} ({error.strerror or 'timed out'})"
    except http.client.HTTPException as error:
        said = f"what answers at port {HTTP_PORT} is no HTTP ({type(error).__name__})"
    finally:
        connection.close()
    if late.is_set():
        said = f"nobody answers at port {HTTP_PORT} (timed out)"
    return (
        f"{host} leads to {address}, and there {said}. Have every A and AAAA record of it lead to the machine of the "
        f"proxy, with port {HTTP_PORT} open."
    )


@contextmanager
def _cut_off(connected: socket.socket, late: Event) -> Iterator[None]:
    """Shut it down when the block takes too long, which `late` then says: its timeout bounds each read alone."""

    def cut() -> None:
        late.set()
        with suppress(OSError):
            connected.shutdown(socket.SHUT_RDWR)

    timer = Timer(ANSWER_SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
