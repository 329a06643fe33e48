"""When a certificate is asked for: for which hosts, when it is renewed, and how long a failure rests."""

import math
from collections.abc import Iterable, Mapping

from infra_specs.certificates.host_certificate import LONGEST_HELD_OFF_SECONDS, HostCertificate

RENEWED_AFTER = 2 / 3
"""The part of its life after which a certificate is renewed."""
FIRST_WAIT_SECONDS = 15 * 60.0
"""After the first attempt that the authority refused; doubled after each. Let's Encrypt allows five in an hour."""
FIRST_OWN_WAIT_SECONDS = 60.0
"""After the first attempt that failed before the authority was asked, which counts at no authority."""
LONGEST_WAIT_SECONDS = 86_400.0
BY_HAND_WAIT_SECONDS = 12 * 60.0
"""The shortest between two attempts that an authority refused, for somebody who asks: five in an hour, too."""


def due_hosts(
    hosts: Iterable[str],
    directory: str,
    known: Mapping[str, HostCertificate],
    moment: float,
    *,
    by_hand: bool = False,
) -> tuple[str, ...]:
    """Those of the hosts whose certificate is asked for now. With `by_hand` somebody asked for this run."""
    states = (known.get(host, HostCertificate(host)) for host in hosts)
    return tuple(state.host for state in states if is_due(state, directory, moment, by_hand=by_hand))


def is_due(known: HostCertificate, directory: str, moment: float, *, by_hand: bool = False) -> bool:
    """Whether a certificate of this authority is asked for now: it is needed, and no failure rests."""
    if not _is_needed(known, directory, moment):
        return False
    if known.directory != directory or known.tried is None or known.tried > moment:  # in the future: a clock set back
        return True
    return moment >= next_attempt(known, by_hand=by_hand)


def next_attempt(known: HostCertificate, *, by_hand: bool = False) -> float:
    """When the next attempt may be made after the last failure; 0 without one."""
    if known.tried is None:
        return 0.0
    held_off = min(known.held_off_until, known.tried + LONGEST_HELD_OFF_SECONDS)
    if by_hand:
        return max(known.tried + BY_HAND_WAIT_SECONDS if known.refused else 0.0, held_off)
    first = FIRST_WAIT_SECONDS if known.refused else FIRST_OWN_WAIT_SECONDS
    doublings = min(known.failures - 1, 20)
    return max(known.tried + min(math.ldexp(first, doublings), LONGEST_WAIT_SECONDS), held_off)


def renewal_moment(known: HostCertificate) -> float:
    """When the last third of its life begins, by its own dates."""
    return known.since + (known.until - known.since) * RENEWED_AFTER


def _is_needed(known: HostCertificate, directory: str, moment: float) -> bool:
    if known.version is None or known.issuer != directory:
        return True
    return moment >= renewal_moment(known) and not _is_fresh(known, moment)


def _is_fresh(known: HostCertificate, moment: float) -> bool:
    """Whether it was fetched a moment ago, though it seems old: then a clock is wrong, and another would be as old."""
    rest = min(LONGEST_WAIT_SECONDS, (known.until - known.since) / 3)
    return known.fetched_at is not None and 0 <= moment - known.fetched_at < rest
