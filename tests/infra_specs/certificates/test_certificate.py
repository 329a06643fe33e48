"""What a certificate says, and which ones are refused with what sentence."""

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from infra_specs.certificates.certificate import blocks, read
from infra_specs.certificates.check import checked, pair
from infra_specs.certificates.validity import Certificate
from infra_specs.errors import PlanError
from tests.support.certificates import authority

pytestmark = pytest.mark.pure

moment = datetime(2027, 1, 31, tzinfo=UTC)
now = moment.timestamp()
ours = authority(moment)
chain, key = ours.issue("Shop.example.com", "*.shop.example.com", "127.0.0.1")


def test_what_it_says() -> None:
    certificate = checked("shop", chain, key, now)
    assert certificate.names == ("shop.example.com", "*.shop.example.com", "127.0.0.1")
    assert certificate.host == "shop.example.com"
    assert certificate == read(pair(chain, key))
    assert certificate.said(now).startswith(
        "for shop.example.com, *.shop.example.com and 127.0.0.1, until 2027-05-01 (90 days)"
    )


def test_which_hosts_it_covers() -> None:
    certificate = Certificate(("shop.example.com", "*.example.org"), 0, 0, 1)
    assert certificate.covers("shop.example.com")
    assert certificate.covers("a.example.org")
    assert certificate.covers("*.example.org")
    assert not any(map(certificate.covers, ("example.org", "a.b.example.org", "www.shop.example.com", "*.example.com")))


def test_one_text_holds_chain_and_key_and_no_more() -> None:
    text = pair(
        f"Bag Attributes\n{chain}\ntail", f"-----BEGIN EC PARAMETERS-----\nx\n-----END EC PARAMETERS-----\n{key}"
    )
    assert text == pair(chain, key) == pair(text, text)
    assert len(blocks(text, "CERTIFICATE")) == 2
    assert len(blocks(text, "PRIVATE KEY")) == 1


def protected() -> str:
    form = (Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"open"))
    return load_pem_private_key(key.encode(), None).private_bytes(*form).decode()


reversed_chain = ours.pem + chain
short_chain, short_key = ours.issue("a", key=rsa.generate_private_key(65537, 1024))
curve_chain, curve_key = ours.issue("a", key=ec.generate_private_key(ec.SECP256K1()))
other_chain, other_key = ours.issue("a", key=ed25519.Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("", key), "tls.certificate: there is no certificate in it"),
        ((chain, chain), "tls.key: there is no private key in it"),
        ((chain.replace("MII", "MIA", 1), key), "tls.certificate: a certificate in it is broken"),
        ((chain, key.replace("M", "N", 3)), "tls.key: it is broken"),
        ((chain, protected()), "tls.key: it is protected by a passphrase"),
        ((chain, ours.issue("a")[1]), "tls.key: it is not the key of this certificate"),
        ((reversed_chain, key), "tls.certificate: the server's own certificate must come first"),
        (ours.issue("a", days=-0.5), "tls.certificate: it expired on 2027-01-30. Renew"),
        (ours.issue("a", since_days=2), "tls.certificate: it only begins on 2027-02-02"),
        ((short_chain, short_key), "tls.key: the proxy takes RSA of 2048 bits or more"),
        ((curve_chain, curve_key), "or ECDSA on P-256, P-384 or P-521"),
        ((other_chain, other_key), "or ECDSA on P-256, P-384 or P-521"),
    ],
)
def test_what_cannot_be_used_is_refused(given: tuple[str, str], said: str) -> None:
    with pytest.raises(PlanError, match=r"^shop: tls\.") as refused:
        checked("shop", *given, now)
    assert said in str(refused.value)
    assert "PRIVATE KEY-----\n" not in str(refused.value)
