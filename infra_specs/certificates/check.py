"""Whether a certificate can be used, asked before anything is touched."""

from collections.abc import Callable
from typing import TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from infra_specs.certificates.certificate import blocks, certificates_in, described
from infra_specs.certificates.validity import Certificate, day
from infra_specs.errors import PlanError

SMALLEST_RSA = 2048
"""Bits; the proxy takes no smaller one."""
Refuse: TypeAlias = Callable[[str], PlanError]
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


def pair(chain: str, key: str) -> str:
    """Certificate, chain and key as one text: equal for equal ones, whatever stands around them."""
    return "".join((*blocks(chain, "CERTIFICATE"), *blocks(key, "PRIVATE KEY")[:1]))


def checked(stack: str, chain: str, key: str, now: float) -> Certificate:
    """What the certificate says; PlanError for one that the proxy or every browser would refuse, with what to do."""

    def refuse(where: str, said: str) -> PlanError:
        return PlanError(f"{stack}: tls.{where}: {said}")

    try:
        found = certificates_in(chain)
    except ValueError as error:
        raise refuse("certificate", f"a certificate in it is broken ({error}). Get it anew.") from None
    if not found:
        raise refuse("certificate", "there is no certificate in it (-----BEGIN CERTIFICATE-----). Is it in PEM?")
    private = _private(key, refuse_with=lambda said: refuse("key", said))
    if not _fits(found[0].public_key(), private):
        if any(_fits(each.public_key(), private) for each in found[1:]):
            raise refuse("certificate", "the server's own certificate must come first in it, and its chain below.")
        raise refuse("key", "it is not the key of this certificate. Give the two that were made together.")
    said = described(found[0])
    if said.until <= now:
        raise refuse("certificate", f"it expired on {day(said.until)}. Renew it.")
    if said.since > now:
        raise refuse("certificate", f"it only begins on {day(said.since)}. Look at the clock, or use the one before.")
    return said


def _private(key: str, refuse_with: Refuse) -> PrivateKeyTypes:
    found = blocks(key, "PRIVATE KEY")
    if not found:
        raise refuse_with("there is no private key in it (-----BEGIN PRIVATE KEY-----). Is it in PEM?")
    try:
        private = load_pem_private_key(found[0].encode(), None)
    except TypeError:
        raise refuse_with(
            "it is protected by a passphrase, which nobody would type at a restart. Take it off: openssl pkey -in KEY "
            "-out KEY.plain"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise refuse_with("it is broken, or of a kind that is not known. Get it anew.") from None
    sound = (isinstance(private, rsa.RSAPrivateKey) and private.key_size >= SMALLEST_RSA) or (
        isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in _CURVES
    )
    if not sound:
        raise refuse_with(f"the proxy takes RSA of {SMALLEST_RSA} bits or more, or ECDSA on P-256, P-384 or P-521.")
    return private


def _fits(public: PublicKeyTypes, private: PrivateKeyTypes) -> bool:
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return public.public_bytes(*form) == private.public_key().public_bytes(*form)
