"""A certificate with its chain and its key, as one PEM text."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from infra_specs.certificates.validity import Certificate

if TYPE_CHECKING:
    from cryptography import x509

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s.*?-----END \1-----", re.DOTALL)


def blocks(pem: str, kind: str) -> tuple[str, ...]:
    """The PEM blocks of a kind in a text, as `CERTIFICATE` or `PRIVATE KEY`."""
    return tuple(block[0] + "\n" for block in _BLOCK.finditer(pem) if block[1].endswith(kind))


def certificates_in(pem: str) -> "tuple[x509.Certificate, ...]":
    """Every certificate of a text, in its order. ValueError for one that is broken."""
    from cryptography import x509  # noqa: PLC0415 - most proxies have no certificate, and it takes long to load

    return tuple(x509.load_pem_x509_certificate(block.encode()) for block in blocks(pem, "CERTIFICATE"))


def read(pem: str) -> Certificate:
    """What the first certificate of a text says. ValueError if there is none."""
    certificates = certificates_in(pem)
    if not certificates:
        raise ValueError("no certificate")
    return described(certificates[0])


def described(found: "x509.Certificate") -> Certificate:
    """What it says of itself."""
    return Certificate(
        tuple(dict.fromkeys(_names(found))),
        found.not_valid_before_utc.timestamp(),
        found.not_valid_after_utc.timestamp(),
        found.serial_number,
    )


def _names(found: "x509.Certificate") -> Iterable[str]:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    try:
        others = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        # Browsers look at it no more; some tools that make certificates for tests know nothing else.
        return [str(attribute.value).lower() for attribute in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    hosts = [name.lower() for name in others.get_values_for_type(x509.DNSName)]
    return [*hosts, *map(str, others.get_values_for_type(x509.IPAddress))]
