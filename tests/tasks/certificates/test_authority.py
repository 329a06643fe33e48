"""An authority by its protocol: what it signs, and which of its failures a retry may mend."""

import json
import socket
import threading
from contextlib import suppress
from typing import Any

import pytest

import tasks.certificates.authority as authorities
from infra_specs.certificates.certificate import certificates_in
from infra_specs.certificates.check import checked
from infra_specs.errors import AuthorityAway, CertificateRefused, TransientError
from tasks.base.clock import now
from tasks.base.poll import wait_until
from tasks.certificates.authority import Authority
from tasks.certificates.keys import new_key
from tests.support.certificates import authority
from tests.support.pebble import Pebble
from tests.tasks.certificates.answering import Answer, answering

pytestmark = pytest.mark.local
SHOP, EMAIL = "shop.example.com", "ops@example.com"


@pytest.fixture
def trusted(pebble: Pebble, monkeypatch: pytest.MonkeyPatch) -> Pebble:
    monkeypatch.setenv("SSL_CERT_FILE", str(pebble.roots))
    return pebble


def ended(ours: Authority, url: str, key: str) -> str:
    chain = wait_until(lambda: ours.advance(url, SHOP, key), bool, 60)
    assert chain is not None
    return chain


def test_an_order_is_taken_to_its_end_and_again_with_the_same_one(trusted: Pebble) -> None:
    account, key, answers = new_key(), new_key(), dict[str, str]()

    def answer(_method: str, path: str) -> Answer:
        return 200, {}, answers[path]

    ours, before = Authority(trusted.directory, EMAIL, account), trusted.orders()
    with answering(answer, trusted.http_port):
        order = ours.order(SHOP)
        answers[f"/.well-known/acme-challenge/{order.token}"] = order.answer
        chain = ended(ours, order.url, key)
        # A run that was killed goes on in another process, with the account and the order that it finds.
        assert ended(Authority(trusted.directory, EMAIL, account), order.url, key) == chain
    certificate = checked("shop", chain, key, now())
    assert certificate.names == (SHOP,)
    assert len(certificates_in(chain)) == 2, "its chain is below it"
    assert trusted.orders() - before == 1, "though it refused nonces"


def test_a_host_that_does_not_answer_gets_no_certificate_and_is_told_why(trusted: Pebble) -> None:
    ours, key = Authority(trusted.directory, EMAIL, new_key()), new_key()
    order = ours.order(SHOP)
    with answering(lambda *_: (404, {}, "")
                   , trusted.http_port), pytest.raises(CertificateRefused) as refused:  # fmt: skip
        ended(ours, order.url, key)
    assert f"gave {SHOP} no certificate: " in str(refused.value)
    assert "404" in str(refused.value)
    assert refused.value.reached


def test_a_name_that_no_authority_signs_for_is_refused_with_its_words(trusted: Pebble) -> None:
    with pytest.raises(CertificateRefused, match="refused: "):
        Authority(trusted.directory, EMAIL, new_key()).order("shop_1.example.com")


def test_one_that_is_away_or_slow_may_be_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/directory"
        with pytest.raises(AuthorityAway, match=r"does not answer \(ConnectionError\)"):
            Authority(url, EMAIL, new_key())
        silent.listen()
        monkeypatch.setattr(authorities, "ANSWER_SECONDS", 0.2)
        with pytest.raises(AuthorityAway, match=r"does not answer \(ReadTimeout\)"):
            Authority(url, EMAIL, new_key())


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_one_whose_answer_comes_in_drips_holds_up_nobody(monkeypatch: pytest.MonkeyPatch, head: bytes) -> None:
    ended = threading.Event()

    def drip(silent: socket.socket) -> None:
        connection, _ = silent.accept()
        with connection, suppress(OSError):
            connection.sendall(head)
            for byte in b"HTTP/1.1 200 OK\r\nX-Header: " + b"x" * 6000:
                if ended.wait(0.02):
                    return
                connection.sendall(bytes([byte]))

    with socket.create_server(("127.0.0.1", 0)) as silent:
        thread = threading.Thread(target=drip, args=(silent,))
        thread.start()
        monkeypatch.setattr(authorities, "ANSWER_SECONDS", 0.5)
        try:
            with pytest.raises(AuthorityAway, match=r"does not answer \(ReadTimeout\)"):
                Authority(f"http://127.0.0.1:{silent.getsockname()[1]}/directory", EMAIL, new_key())
        finally:
            ended.set()
            thread.join()


def test_one_whose_own_certificate_is_not_trusted_says_how_it_will_be(
    pebble: Pebble, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other.pem").write_text(authority().pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    with pytest.raises(CertificateRefused, match="SSL_CERT_FILE") as refused:
        Authority(pebble.directory, EMAIL, new_key())
    assert not refused.value.reached


PROBLEM = {"Content-Type": "application/problem+json", "Replay-Nonce": "bm9uY2U"}


def problem(code: str, status: int, **headers: str) -> Answer:
    text = json.dumps({"type": f"urn:ietf:params:acme:error:{code}", "detail": f"It says {code}."})
    return status, {**PROBLEM, **headers}, text


@pytest.mark.parametrize(
    ("answer", "kind", "hold_off", "said"),
    [
        (problem("rateLimited", 429, **{"Retry-After": "77"}), CertificateRefused, 77, "refused: It says rateLimited."),
        (problem("rateLimited", 429), CertificateRefused, 3600, "refused: It says rateLimited."),
        (problem("invalidContact", 400), CertificateRefused, 0, "refused: It says invalidContact."),
        (problem("serverInternal", 500), TransientError, 0, "failed: It says serverInternal"),
        (problem("badNonce", 400), TransientError, 0, "failed: It says badNonce"),
        ((502, {"Replay-Nonce": "bm9uY2U"}, "<html>"), TransientError, 0, "with something else than ACME"),
    ],
)
def test_what_it_answers_in_place_of_an_account(answer: Answer, kind: type, hold_off: float, said: str) -> None:
    def answered(method: str, path: str) -> Answer:
        if path == "/directory":
            places = {"newNonce": "/nonce", "newAccount": "/account", "newOrder": "/order"}
            return 200, {}, json.dumps({name: f"http://127.0.0.1:{port}{place}" for name, place in places.items()})
        return (200, {"Replay-Nonce": "bm9uY2U"}, "") if method == "HEAD" else answer

    with answering(answered) as port, pytest.raises(kind) as refused:
        Authority(f"http://127.0.0.1:{port}/directory", EMAIL, new_key())
    assert said in str(refused.value)
    assert not isinstance(refused.value, AuthorityAway), "other hosts are asked for"
    assert getattr(refused.value, "hold_off_seconds", 0) == hold_off
