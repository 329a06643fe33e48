"""The certificate that a spec names, read, checked, and kept in the ledger: what the proxy is given comes from there.

So every run gives the same, wherever it runs; what somebody breaks later breaks nothing that serves.
"""

from pathlib import Path

from infra_specs.catalogue.desired import refuse_missing_secrets
from infra_specs.catalogue.web import certificate as kept_as
from infra_specs.certificates.certificate import Certificate, soon_seconds
from infra_specs.certificates.check import checked, pair
from infra_specs.errors import PlanError
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.service import Secret
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.tls import Tls
from tasks.base.clock import now
from tasks.ledger import Hold, Ledger

longest = 256 * 1024
"""Bytes of a file; a certificate with its chain has a few thousand."""


def check_certificate(ledger: Ledger, stack: Stack, source: str) -> str:
    """What the spec's certificate says, as a sentence, and what is amiss with it; nothing for a stack without.

    Changes nothing. Raises PlanError for one that cannot be used.
    """
    return _said(stack, _read(ledger, stack, stack.tls, source)[0]) if stack.tls else ""


def keep_certificate(ledger: Ledger, hold: Hold, stack: Stack, source: str) -> str:
    """The same, and from now on it is the one that runs give to the proxy. The same as before is no new version."""
    if stack.tls is None:
        return ""
    said, pem = _read(ledger, stack, stack.tls, source)
    version = ledger.secret_versions(stack.name).get(kept_as)
    if version is None or ledger.secret_value(stack.name, kept_as, version) != pem:
        ledger.check(hold)
        ledger.secret_set(stack.name, kept_as, pem)
    return _said(stack, said)


def renew_certificate(ledger: Ledger, hold: Hold, stack: Stack, source: str) -> str:
    """The same on a timer: nothing is said of one that did not change, and one that cannot be used is no failure.

    The one before stays then, and it is said why: a renewal may be under way.
    """
    before = ledger.secret_versions(stack.name).get(kept_as)
    try:
        said = keep_certificate(ledger, hold, stack, source)
    except PlanError as error:
        if before is None:
            raise
        return f"The certificate before stays in use. {error}"
    return said if ledger.secret_versions(stack.name).get(kept_as) != before else ""


def _read(ledger: Ledger, stack: Stack, tls: Tls, source: str) -> tuple[Certificate, str]:
    versions = ledger.secret_versions(stack.name)
    if named_secrets(tls):
        refuse_missing_secrets(stack, versions)

    def text(key: str, where: str | Secret) -> str:
        if isinstance(where, Secret):
            value = ledger.secret_value(stack.name, where.secret, versions[where.secret])
            if isinstance(value, bytes):
                raise PlanError(
                    f"{stack.name}: tls.{key}: the secret {where.secret} was set with --binary, and PEM is text. "
                    f"Set it again without: tenfold secret set {stack.name} {where.secret}"
                )
            return value
        return _file(f"{stack.name}: tls.{key}", Path(source) / Path(where).expanduser())

    chain, key = text("certificate", tls.certificate), text("key", tls.key)
    return checked(stack.name, chain, key, now()), pair(chain, key)


def _file(what: str, path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            found = file.read(longest + 1)
    except FileNotFoundError:
        raise PlanError(f"{what}: there is no file {path}. A path starts at the spec's own folder.") from None
    except UnicodeDecodeError:
        raise PlanError(f"{what}: {path} is not in PEM: openssl x509 -inform der -in FILE makes it so.") from None
    except OSError as error:
        raise PlanError(
            f"{what}: {path} cannot be read: {error.strerror}. It must be a file that the account which runs the "
            "control plane may read."
        ) from None
    if len(found) > longest:
        raise PlanError(f"{what}: {path} is longer than {longest} bytes, which no certificate is.")
    return found


def _said(stack: Stack, found: Certificate) -> str:
    lines = [f"Certificate {found.said(now())}."]
    hosts = {service.route.host for service in stack.services.values() if service.port is not None}
    if missing := sorted(host for host in hosts if host != "*" and not found.covers(host)):
        lines.append(f"It does not cover {', '.join(missing)}, where browsers will warn of it.")
    if found.until - now() < soon_seconds:
        lines.append("It expires soon: renew it.")
    return " ".join(lines)
