"""What is said of fetched certificates: until when each is good, and what keeps one from being fetched."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from infra_specs.certificates.host_certificate import HostCertificate
from infra_specs.certificates.renewal import next_attempt
from infra_specs.certificates.validity import day, days

LOUD_AFTER_SECONDS = 7 * 86_400.0
"""Of failures, from which on somebody must look."""
LOUD_BEFORE_SECONDS = 7 * 86_400.0
"""Before its end, from which on somebody must look; for a certificate of a few days, the last sixth of its life."""


@dataclass(frozen=True, slots=True)
class CertificateNote:
    """A sentence about the certificate of one host. `loud`: somebody must do something."""

    host: str
    text: str
    loud: bool
    until: float | None = None
    """When the certificate ends, in seconds since the epoch; None without one."""


def certificate_notes(
    hosts: Iterable[str], known: Mapping[str, HostCertificate], moment: float, *, has_own: bool = False
) -> tuple[CertificateNote, ...]:
    """A note for each of the hosts, whose certificates are fetched.

    With `has_own` a certificate of the user's own from before still serves.
    """
    return tuple(_note(known.get(host, HostCertificate(host)), moment, has_own=has_own) for host in hosts)


def _note(known: HostCertificate, moment: float, *, has_own: bool) -> CertificateNote:
    if known.version is None:
        head = (
            f"{known.host} has no fetched certificate yet, and is served with your own from before, if that covers it."
            if has_own
            else f"{known.host} has no certificate yet, and is served by plain HTTP."
        )
        text = " ".join([head, *_failure(known)])
        return CertificateNote(known.host, text, loud=known.failures > 0)
    if known.until <= moment:
        head = f"The certificate for {known.host} expired on {day(known.until)}: browsers refuse it."
    else:
        head = f"Certificate for {known.host} until {day(known.until)} ({days(known.until - moment)})."
    text = " ".join([head, *_failure(known)])
    return CertificateNote(known.host, text, loud=_is_loud(known, moment), until=known.until)


def _is_loud(known: HostCertificate, moment: float) -> bool:
    last = min(LOUD_BEFORE_SECONDS, (known.until - known.since) / 6)
    fails_long = known.failing_since is not None and moment - known.failing_since >= LOUD_AFTER_SECONDS
    return fails_long or known.until - moment <= last


def _failure(known: HostCertificate) -> Iterator[str]:
    if known.failures:
        again = f"{datetime.fromtimestamp(next_attempt(known), UTC):%Y-%m-%d %H:%M UTC}"
        times = "once" if known.failures == 1 else f"{known.failures} times"
        yield f"Fetching it failed {times}: {known.message} Tried again from {again} on."
