"""Fetch the certificate of one host: an order is begun, and once the proxy gives its answer, brought to its end.

Account, keys and certificates are secrets of the stack. The ledger knows the order from its beginning to its end: a run
that is killed leaves one that the next run goes on with.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial

from infra_specs.catalogue.web import CERTIFICATE, certificate_secret, holds_own_certificate
from infra_specs.certificates.certificate import read
from infra_specs.certificates.check import checked, pair
from infra_specs.certificates.host_certificate import HostCertificate, Order, failed, fetched, ordered
from infra_specs.certificates.hosts import hosts_without
from infra_specs.desired import StackSnapshot
from infra_specs.errors import CertificateRefused, PlanError, TenfoldError, TransientError
from tasks.base.clock import now
from tasks.base.poll import until_over
from tasks.certificates.asking import ask_name
from tasks.certificates.keys import account_key, account_secret, forget, key_secret, new_key, stored, text_of
from tasks.run.context import RunContext, current
from tasks.run.fence import call_fenced
from tasks.run.retry import retryable_task

DECIDING_DELAYS = (0.1, 0.2, 0.3, 0.5, 1.0, *(2.0,) * 29)
"""Seconds between two looks at an order. After the last, a later run goes on with it."""


@retryable_task("order {host}")
async def begin_order(host: str, email: str, directory: str) -> None:
    """See that an order for this host is under way at the authority. One that is already is gone on with.

    Raises CertificateRefused, or TransientError, as the authority does.
    """
    await asyncio.to_thread(_begin, current(), host, email, directory)


@retryable_task("certificate {host}")
async def end_order(host: str, email: str, directory: str) -> None:
    """Bring the order of this host to its end: the name is asked first, then the authority. The certificate is stored.

    Raises CertificateRefused, or TransientError, as the authority does.
    """
    context = current()
    known = await asyncio.to_thread(_known, context, host)
    order = known.order
    assert order is not None, f"no order of {host} was begun"
    if order.token:
        await asyncio.to_thread(ask_name, host, order.token, order.answer)
    advance = await asyncio.to_thread(_advance, context, host, order, email, directory)
    chain = await until_over(lambda: asyncio.to_thread(advance), bool, DECIDING_DELAYS)
    if chain is None:
        raise CertificateRefused(
            f"the authority {directory} has not decided on {host} within {sum(DECIDING_DELAYS):.0f} s.", stands=True
        )
    await asyncio.to_thread(_store, context, known, order, chain)


def forget_spent_keys(context: RunContext, known: Iterable[HostCertificate], secrets: Collection[str]) -> None:
    """Erase the keys of orders that have ended, which a run leaves that is killed in between."""
    for state in known:
        if state.order is None and key_secret(state.host) in secrets:
            forget(context, key_secret(state.host))


def forget_own_certificate(context: RunContext, snapshot: StackSnapshot) -> None:
    """Erase the certificate of the user's own that a stack had, once each host has one that was fetched.

    A host that is added later must not get it: it may have expired since.
    """
    is_needed = hosts_without(snapshot.stack, snapshot.held_certificates)
    if not is_needed and holds_own_certificate(snapshot.stack, snapshot.secret_versions):
        forget(context, CERTIFICATE)


def record_failure(context: RunContext, host: str, directory: str, error: TenfoldError) -> None:
    """Remember why a host has no new certificate, so that the next attempt waits. An order that stands is kept."""
    known = _known(context, host)
    refusal = error if isinstance(error, CertificateRefused) else None
    stands = refusal.stands if refusal else isinstance(error, TransientError)
    context.ledger.certificates.put(
        context.lease,
        failed(
            known,
            directory,
            context.redacted(_sentence(str(error))),
            now(),
            refused=refusal.reached if refusal else True,
            hold_off_seconds=refusal.hold_off_seconds if refusal else 0.0,
            order=known.order if stands and known.directory == directory else None,
        ),
    )


def _begin(context: RunContext, host: str, email: str, directory: str) -> None:
    from tasks.certificates.authority import Authority  # noqa: PLC0415 - slow, and few runs need it

    known, account = _known(context, host), account_secret(directory, email)
    if known.order and known.directory == directory and known.order.account == account:
        return
    authority = Authority(directory, email, account_key(context, directory, email))
    known = ordered(known, directory)
    context.ledger.certificates.put(context.lease, known)
    key, _ = stored(context, key_secret(host), new_key())
    new = call_fenced(context.ledger, context.lease, partial(authority.order, host))
    order = Order(new.url, new.token, new.answer, key, account)
    context.ledger.certificates.put(context.lease, replace(known, order=order))


def _advance(context: RunContext, host: str, order: Order, email: str, directory: str) -> Callable[[], str | None]:
    """What takes the next step of an order, and returns the chain at its end."""
    from tasks.certificates.authority import Authority  # noqa: PLC0415 - slow, and few runs need it

    authority = Authority(directory, email, account_key(context, directory, email))
    key = text_of(context, key_secret(host), order.key)
    return partial(call_fenced, context.ledger, context.lease, partial(authority.advance, order.url, host, key))


def _store(context: RunContext, known: HostCertificate, order: Order, chain: str) -> None:
    key = text_of(context, key_secret(known.host), order.key)
    try:
        # By a clock that is behind, it begins in the future.
        certificate = checked(context.stack, chain, key, max(now(), read(chain).since))
    except (PlanError, ValueError) as error:
        raise CertificateRefused(f"what the authority {known.directory} issued cannot be used: {error}") from None
    version, _ = stored(context, certificate_secret(known.host), pair(chain, key))
    context.ledger.certificates.put(context.lease, fetched(known, certificate, version, now()))
    forget(context, key_secret(known.host))


def _known(context: RunContext, host: str) -> HostCertificate:
    return context.ledger.certificates.of(context.stack).get(host, HostCertificate(host))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" if text.startswith("the ") else text
