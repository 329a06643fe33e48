"""Certificates for tests: an authority, and what it signs."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """Who signs; `pem` is what a client trusts."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    now: datetime

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def trusted(self) -> ssl.SSLContext:
        """A client's settings with which only what it signed is trusted."""
        return ssl.create_default_context(cadata=self.pem)

    def issue(
        self,
        *names: str,
        days: float = 90,
        since_days: float = -1,
        key: CertificateIssuerPrivateKeyTypes | None = None,
    ) -> tuple[str, str]:
        """A certificate with its chain, and its key, from `since_days` on until `days` after its `now`."""
        private = key or ec.generate_private_key(ec.SECP256R1())
        alternatives = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
        made = (
            x509.CertificateBuilder()
            .subject_name(_name("tests"))
            .issuer_name(self.certificate.subject)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.now + timedelta(days=since_days))
            .not_valid_after(self.now + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        written = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        return made.public_bytes(Encoding.PEM).decode() + self.pem, written


def authority(now: datetime | None = None) -> Authority:
    """A new one, for a year."""
    key, now = ec.generate_private_key(ec.SECP256R1()), now or datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(_name("authority of the tests"))
        .issuer_name(_name("authority of the tests"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(made, key, now)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
