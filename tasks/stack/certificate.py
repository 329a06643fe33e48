"""Read and check the certificate that a spec names, and store it in the ledger.

The proxy gets the stored certificate. So every run uses the same one, and a file broken later breaks no service.
"""

from pathlib import Path

from infra_specs.catalogue.desired import refuse_missing_secrets
from infra_specs.catalogue.web import CERTIFICATE as CERTIFICATE_SECRET
from infra_specs.catalogue.web import holds_own_certificate
from infra_specs.certificates.certificate import read
from infra_specs.certificates.hosts import fetched_hosts
from infra_specs.certificates.notes import certificate_notes
from infra_specs.certificates.validity import SOON_SECONDS, Certificate
from infra_specs.desired import StackSnapshot, newest_secrets
from infra_specs.errors import PlanError
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.service import Secret
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.tls import Tls
from tasks.base.clock import now
from tasks.ledger import Lease, Ledger
from tasks.run.fence import call_fenced

MAX_BYTES = 256 * 1024
"""Bytes of a file; a certificate with its chain has a few thousand."""


def check_certificate(ledger: Ledger, snapshot: StackSnapshot) -> str:
    """A sentence about the spec's certificate and its problems; empty for a stack without TLS.

    Changes nothing. Raises PlanError for a certificate that cannot be used.
    """
    tls = snapshot.stack.tls
    if tls is None or tls.email is not None:
        has_own = holds_own_certificate(snapshot.stack, snapshot.secret_versions)
        notes = certificate_notes(fetched_hosts(snapshot.stack), snapshot.certificates, now(), has_own=has_own)
        return " ".join(note.text for note in notes)
    return _describe(snapshot.stack, _read(ledger, snapshot, tls)[0])


def keep_certificate(ledger: Ledger, lease: Lease, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
    """Store the certificate for the proxy. Returns the snapshot with it, and a sentence that describes it.

    An unchanged certificate makes no new version. Where certificates are fetched, the stored one is erased when it has
    expired: hosts without a fetched one are then served by plain HTTP.
    """
    stack = snapshot.stack
    if stack.tls is None:
        return snapshot, ""
    if stack.tls.email is not None:
        return _without_expired(ledger, lease, snapshot), ""
    certificate, pem = _read(ledger, snapshot, stack.tls)
    version = newest_secrets(snapshot).get(CERTIFICATE_SECRET)
    if version is None or ledger.secrets.value(stack.name, CERTIFICATE_SECRET, version) != pem:
        stored = call_fenced(ledger, lease, lambda: ledger.secrets.set(stack.name, CERTIFICATE_SECRET, pem))
        snapshot = snapshot.with_secret(CERTIFICATE_SECRET, stored)
    return snapshot, _describe(stack, certificate)


def renew_certificate(ledger: Ledger, lease: Lease, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
    """Store a renewed certificate, on a timer. Returns the snapshot with it, and a sentence, empty if unchanged.

    A certificate that cannot be used is no failure here: a renewal may be under way. The previous one stays in use, and
    the sentence says why.
    """
    previous = newest_secrets(snapshot).get(CERTIFICATE_SECRET)
    try:
        renewed, summary = keep_certificate(ledger, lease, snapshot)
    except PlanError as error:
        if previous is None:
            raise
        return snapshot, f"The certificate before stays in use. {error}"
    return renewed, summary if newest_secrets(renewed).get(CERTIFICATE_SECRET) != previous else ""


def _without_expired(ledger: Ledger, lease: Lease, snapshot: StackSnapshot) -> StackSnapshot:
    stack, versions = snapshot.stack, newest_secrets(snapshot)
    if not holds_own_certificate(stack, versions):
        return snapshot
    pem = ledger.secrets.value(stack.name, CERTIFICATE_SECRET, versions[CERTIFICATE_SECRET])
    if read(str(pem)).until > now():
        return snapshot
    call_fenced(ledger, lease, lambda: ledger.secrets.remove(stack.name, CERTIFICATE_SECRET))
    return snapshot.without_secret(CERTIFICATE_SECRET)


def _read(ledger: Ledger, snapshot: StackSnapshot, tls: Tls) -> tuple[Certificate, str]:
    from infra_specs.certificates.check import checked, pair  # noqa: PLC0415 - most stacks need no cryptography

    stack, source, versions = snapshot.stack, snapshot.source, newest_secrets(snapshot)
    if named_secrets(tls):
        refuse_missing_secrets(stack, versions)

    def text(key: str, location: str | Secret | None) -> str:
        assert location is not None, "the spec was checked"
        if isinstance(location, Secret):
            value = ledger.secrets.value(stack.name, location.secret, versions[location.secret])
            if isinstance(value, bytes):
                raise PlanError(
                    f"{stack.name}: tls.{key}: the secret {location.secret} was set with --binary, and PEM is text. "
                    f"Set it again without: tenfold secret set {stack.name} {location.secret}"
                )
            return value
        return _file(f"{stack.name}: tls.{key}", Path(source) / Path(location).expanduser())

    chain, key = text("certificate", tls.certificate), text("key", tls.key)
    return checked(stack.name, chain, key, now()), pair(chain, key)


def _file(key: str, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise PlanError(f"{key}: there is no file {path}. A path starts at the spec's own folder.") from None
    except UnicodeDecodeError:
        raise PlanError(f"{key}: {path} is not in PEM: openssl x509 -inform der -in FILE makes it so.") from None
    except OSError as error:
        raise PlanError(
            f"{key}: {path} cannot be read: {error.strerror}. It must be a file that the account which runs the "
            "control plane may read."
        ) from None
    if len(text) > MAX_BYTES:
        raise PlanError(f"{key}: {path} is longer than {MAX_BYTES} bytes, which no certificate is.")
    return text


def _describe(stack: Stack, certificate: Certificate) -> str:
    lines = [f"Certificate {certificate.said(now())}."]
    hosts = {service.route.host for service in stack.services.values() if service.port is not None}
    if uncovered := sorted(host for host in hosts if host != "*" and not certificate.covers(host)):
        lines.append(f"It does not cover {', '.join(uncovered)}, where browsers will warn of it.")
    if certificate.until - now() < SOON_SECONDS:
        lines.append("It expires soon: renew it.")
    return " ".join(lines)
