"""A proxy that speaks HTTPS, as a browser and as a suspicious client meet it: the same on every target."""

import http.client
import socket
import ssl
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import httpx

from infra_specs.certificates.certificate import certificates_in
from tests.support.certificates import Authority

host = "shop.example.com"
PATIENCE = 60.0


def served(port: str) -> int:
    """The serial number of the certificate that is shown at a port of loopback."""
    settings = ssl.create_default_context()
    settings.check_hostname, settings.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", int(port)), PATIENCE) as plain,
        settings.wrap_socket(plain, server_hostname=host) as secure,
    ):
        shown = secure.getpeercert(binary_form=True) or b""
    return certificates_in(ssl.DER_cert_to_PEM_cert(shown))[0].serial_number


def fetch(port: str, authority: Authority, path: str = "/") -> httpx.Response:
    """A GET over HTTPS, HTTP/2 if it is offered; the certificate must be good for the host."""
    with httpx.Client(http2=True, verify=authority.trusted(), timeout=PATIENCE) as client:
        return client.get(
            f"https://127.0.0.1:{port}{path}", headers={"Host": host}, extensions={"sni_hostname": host}
        )  # fmt: skip


def refuses(port: str, newest: ssl.TLSVersion) -> bool:
    """Whether a client that knows no newer version is turned away."""
    settings = ssl.create_default_context()
    settings.check_hostname, settings.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        settings.minimum_version, settings.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, newest
    settings.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", int(port)), PATIENCE) as plain:
        try:
            settings.wrap_socket(plain, server_hostname=host).close()
        except ssl.SSLError:
            return True
    return False


def redirected(port: str, path: str) -> tuple[int, str]:
    """Status and Location of a POST over plain HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=PATIENCE)
    try:
        connection.request("POST", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.headers["Location"] or ""
    finally:
        connection.close()


@dataclass
class Seen:
    """What clients met while something changed."""

    requests: int = 0
    failed: list[str] = field(default_factory=list)


@contextmanager
def watched(port: str, authority: Authority) -> Iterator[Seen]:
    """Clients of every kind ask all the while: with a connection for each request, and with ones that stay open."""
    seen, done = Seen(), threading.Event()

    def asking(kept: bool) -> None:
        opened: httpx.Client | None = None
        while not done.is_set():
            try:
                opened = opened or httpx.Client(http2=kept, verify=authority.trusted(), timeout=PATIENCE)
                answer = opened.get(
                    f"https://127.0.0.1:{port}/", headers={"Host": host}, extensions={"sni_hostname": host}
                )  # fmt: skip
                if answer.status_code != httpx.codes.OK:
                    seen.failed.append(f"{answer.status_code} {answer.text[:100]}")
            except (httpx.HTTPError, ssl.SSLError) as error:
                seen.failed.append(repr(error))
            seen.requests += 1
            if opened and not kept:
                opened.close()
                opened = None

    threads = [threading.Thread(target=asking, args=(kept,)) for kept in (True, False)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        done.set()
        for thread in threads:
            thread.join()


def until_more(seen: Seen, wait: Callable[[Callable[[], bool], str], object], more: int = 5) -> None:
    """Until some more requests were answered."""
    goal = seen.requests + more
    wait(lambda: seen.requests >= goal, "more requests")


def plainly(get: Callable[[str], tuple[int, str]], port: str) -> bool:
    """Whether it serves over HTTP by now; what still speaks TLS gives no answer to that."""
    with suppress(OSError, http.client.HTTPException):
        return get(port)[0] == http.HTTPStatus.OK
    return False
