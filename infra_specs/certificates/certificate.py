"""A certificate with its chain and its key, as one PEM text; and what it says of itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

SOON_SECONDS = 14 * 86_400.0
"""Before its end from which on it is said again and again that it should be renewed."""
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\s.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server's certificate says: for which hosts, and from when to when (seconds since the epoch)."""

    names: tuple[str, ...]
    since: float
    until: float
    serial: int

    @property
    def host(self) -> str | None:
        """The first name that is one host and not many."""
        return next((name for name in self.names if not name.startswith("*.")), None)

    def covers(self, host: str) -> bool:
        """Whether a browser that asks for this host is content; `*.example.com` stands for one word."""
        wide = f"*.{host.partition('.')[2]}"
        return host in self.names or (wide in self.names and host != wide)

    def said(self, now: float) -> str:
        """`for shop.example.com and www.example.com, until 2027-01-31 (70 days)`."""
        *most, last = self.names or ("no host",)
        names = f"{', '.join(most)} and {last}" if most else last
        return f"for {names}, until {day(self.until)} ({days(self.until - now)})"


def blocks(pem: str, kind: str) -> tuple[str, ...]:
    """The PEM blocks of a kind in a text, as `CERTIFICATE` or `PRIVATE KEY`."""
    return tuple(block[0] + "\n" for block in _BLOCK.finditer(pem) if block[1].endswith(kind))


def certificates_in(pem: str) -> tuple[x509.Certificate, ...]:
    """Every certificate of a text, in its order. ValueError for one that is broken."""
    return tuple(x509.load_pem_x509_certificate(block.encode()) for block in blocks(pem, "CERTIFICATE"))


def read(pem: str) -> Certificate:
    """What the first certificate of a text says. ValueError if there is none."""
    certificates = certificates_in(pem)
    if not certificates:
        raise ValueError("no certificate")
    return described(certificates[0])


def described(found: x509.Certificate) -> Certificate:
    """What it says of itself."""
    return Certificate(
        tuple(dict.fromkeys(_names(found))),
        found.not_valid_before_utc.timestamp(),
        found.not_valid_after_utc.timestamp(),
        found.serial_number,
    )


def day(moment: float) -> str:
    """`2027-01-31`, in UTC."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def days(seconds: float) -> str:
    """`70 days`, `1 day`."""
    count = int(seconds // 86_400)
    return f"{count} day{'' if count == 1 else 's'}"


def _names(found: x509.Certificate) -> Iterable[str]:
    try:
        others = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        # Browsers look at it no more; some tools that make certificates for tests know nothing else.
        return [str(attribute.value).lower() for attribute in found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    hosts = [name.lower() for name in others.get_values_for_type(x509.DNSName)]
    return [*hosts, *map(str, others.get_values_for_type(x509.IPAddress))]
