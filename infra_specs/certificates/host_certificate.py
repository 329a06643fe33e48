"""What is known of the certificate of one host, fetched from an authority, and how each attempt changes that."""

from dataclasses import dataclass, replace

from infra_specs.certificates.validity import Certificate

LONGEST_HELD_OFF_SECONDS = 7 * 86_400.0
"""The longest that an authority may have us wait: its limits are counted over a week at most."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order that is under way at an authority. Its answer is public: the proxy gives it to whoever asks."""

    url: str
    token: str
    answer: str
    key: int
    """The version of the secret that holds the private key of the certificate to come."""
    account: str
    """The secret that holds the account's key, which alone may go on with it."""


@dataclass(frozen=True, slots=True)
class HostCertificate:
    """The certificate of one host: the newest that was fetched, the order under way, and the failures since.

    Moments are seconds since the epoch. `version` is that of the secret with the certificate, None before the first.
    """

    host: str
    issuer: str = ""
    """The directory of the authority that issued it."""
    version: int | None = None
    since: float = 0.0
    until: float = 0.0
    fetched_at: float | None = None
    """When it was fetched, by this machine's clock."""
    orders: int = 0
    """All orders that were ever begun."""
    directory: str = ""
    """The authority of the last attempt."""
    order: Order | None = None
    failures: int = 0
    """Attempts that failed since the last certificate, at this authority."""
    failing_since: float | None = None
    tried: float | None = None
    """When the last attempt that failed ended."""
    refused: bool = False
    """Whether that one had reached the authority, which counts it."""
    held_off_until: float = 0.0
    """The authority asked for no attempt before."""
    message: str = ""
    """Why that one failed, and what to do."""


def ordered(known: HostCertificate, directory: str) -> HostCertificate:
    """Before an order is asked for: it counts, whatever becomes of it. Failures at another authority are forgotten."""
    if known.directory != directory:
        known = replace(
            known, failures=0, failing_since=None, tried=None, refused=False, held_off_until=0.0, message=""
        )
    return replace(known, directory=directory, orders=known.orders + 1, order=None)


def fetched(known: HostCertificate, certificate: Certificate, version: int, moment: float) -> HostCertificate:
    """After its certificate was stored as this version of its secret."""
    return HostCertificate(
        known.host, known.directory, version, certificate.since, certificate.until, moment, known.orders,
        known.directory,
    )  # fmt: skip


def failed(
    known: HostCertificate,
    directory: str,
    message: str,
    moment: float,
    *,
    refused: bool,
    hold_off_seconds: float = 0.0,
    order: Order | None = None,
) -> HostCertificate:
    """After an attempt that brought no certificate. `order` is kept if the next attempt can go on with it."""
    before = known if known.directory == directory else HostCertificate(known.host)
    return replace(
        known,
        directory=directory,
        order=order,
        failures=before.failures + 1,
        failing_since=before.failing_since if before.failing_since is not None else moment,
        tried=moment,
        refused=refused,
        held_off_until=moment + min(hold_off_seconds, LONGEST_HELD_OFF_SECONDS) if hold_off_seconds else 0.0,
        message=message,
    )
