"""Whether a name leads here, asked as an authority will ask."""

import contextlib
import socket
import threading
from typing import Any

import pytest

import tasks.certificates.asking as asking
from infra_specs.errors import CertificateRefused
from tasks.certificates.asking import ask_name
from tests.tasks.certificates.answering import Answer, answering

pytestmark = pytest.mark.local
SHOP = "shop.example.com"


def leads_to(monkeypatch: pytest.MonkeyPatch, port: int, *addresses: str) -> None:
    resolve = socket.getaddrinfo

    def resolved(host: Any, *args: Any, **kwargs: Any) -> Any:
        found = addresses if host == SHOP else (host,)
        return [entry for address in found for entry in resolve(address, *args, **kwargs)]

    monkeypatch.setattr(asking, "HTTP_PORT", port)
    monkeypatch.setattr(asking.socket, "getaddrinfo", resolved)


def answer(_method: str, path: str) -> Answer:
    return (200, {}, "token.thumb\n") if path == "/.well-known/acme-challenge/token" else (404, {}, "")


def test_a_name_that_leads_here_is_asked_at_each_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(answer) as port:
        leads_to(monkeypatch, port, "127.0.0.1", "127.0.0.1")
        ask_name(SHOP, "token", "token.thumb")
        for token, text in (("token", "other.thumb"), ("other", "token.thumb")):
            with pytest.raises(CertificateRefused, match=f"{SHOP} leads to 127.0.0.1, and there somebody else answers"):
                ask_name(SHOP, token, text)


def test_one_address_of_two_that_nobody_answers_at_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(answer) as port:
        leads_to(monkeypatch, port, "127.0.0.1", "127.0.0.2")
        with pytest.raises(CertificateRefused) as refused:
            ask_name(SHOP, "token", "token.thumb")
    assert str(refused.value) == (
        f"{SHOP} leads to 127.0.0.2, and there nobody answers at port {port} (Connection refused). Have every A and "
        f"AAAA record of it lead to the machine of the proxy, with port {port} open."
    )
    assert (refused.value.reached, refused.value.stands) == (False, True)


def test_a_name_without_an_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asking.socket, "getaddrinfo", unknown)
    with pytest.raises(CertificateRefused, match="has no address that this machine can find") as refused:
        ask_name(SHOP, "token", "token.thumb")
    assert not refused.value.reached


def test_what_never_answers_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        leads_to(monkeypatch, server.getsockname()[1], "127.0.0.1")
        with pytest.raises(CertificateRefused, match=r"nobody answers at port \d+ \(timed out\)"):
            ask_name(SHOP, "token", "token.thumb")


def test_what_answers_byte_by_byte_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.5)
    ended = threading.Event()

    def drip() -> None:
        client, _ = server.accept()
        with client, contextlib.suppress(OSError):
            client.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            for _ in range(1000):  # a minute and more: what waits for its end fails
                client.sendall(b"a")
                if ended.wait(0.1):
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        leads_to(monkeypatch, server.getsockname()[1], "127.0.0.1")
        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(CertificateRefused, match=r"nobody answers at port \d+ \(timed out\)"):
                ask_name(SHOP, "token", "token.thumb")
        finally:
            ended.set()
            thread.join()
