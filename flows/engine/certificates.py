"""Fetch the certificates that are due: order, let the proxy answer, and let it take in what came.

A run that is killed anywhere leaves what the ledger knows: an order that the next run goes on with. A host that fails
holds up no other, and no run fails for it: the stack serves as before, and the report says why.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from flows.engine.converge import Report, converge
from flows.engine.run_info import is_asked_for
from infra_specs.catalogue.web import PROXY_ADDRESS, holds_own_certificate
from infra_specs.certificates.hosts import fetched_hosts
from infra_specs.certificates.notes import certificate_notes
from infra_specs.certificates.renewal import due_hosts
from infra_specs.desired import StackSnapshot, desired_with_release
from infra_specs.errors import AuthorityAway, Fenced, LedgerError, TenfoldError
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.stackfile.models.tls import Tls
from tasks.base.clock import now
from tasks.certificates.fetch import begin_order, end_order, forget_own_certificate, forget_spent_keys, record_failure
from tasks.run.context import RunContext, use

MAX_ORDERS = 4
"""Orders of one stack that are brought to their end at the same time."""


async def with_certificates(
    context: RunContext, snapshot: StackSnapshot, verb: str, content: ReleaseManifest, report: Report
) -> Report:
    """Fetch what is due of a stack that runs this content. Returns the report, with what came of it.

    Raises Fenced and LedgerError, and the errors of `converge` for a proxy that does not take in what it is told.
    """
    tls, known = snapshot.stack.tls, snapshot.held_certificates
    if tls is None or tls.email is None:
        return report
    hosts = due_hosts(fetched_hosts(snapshot.stack), tls.authority, known, now(), by_hand=is_asked_for())
    await asyncio.to_thread(forget_spent_keys, context, known.values(), snapshot.secret_versions.keys())
    await asyncio.to_thread(forget_own_certificate, context, snapshot)
    if not hosts:
        return report
    fetching = _Fetching(context, tls, tls.email)
    ordered = [host for host in hosts if await fetching.step(begin_order, host)]
    snapshot = await _as_known(context, snapshot)
    reports = [report, await _proxy(context, snapshot, verb, content, "to answer the authority of certificates")]
    turns = asyncio.Semaphore(MAX_ORDERS)

    async def end(host: str) -> None:
        async with turns:
            await fetching.step(end_order, host)

    await asyncio.gather(*map(end, ordered))
    snapshot = await _as_known(context, snapshot)
    reports.append(await _proxy(context, snapshot, verb, content, f"the certificates of {', '.join(hosts)}"))
    return _together(reports, _notes(snapshot, hosts))


class _Fetching:
    def __init__(self, context: RunContext, tls: Tls, email: str) -> None:
        self._context, self._tls, self._email = context, tls, email
        self._away: AuthorityAway | None = None
        """Why the authority cannot be asked now. One host has waited for it; the others need not."""

    async def step(self, task: Callable[[str, str, str], Awaitable[None]], host: str) -> bool:
        """Take one step for a host. Returns whether it succeeded; a failure is remembered."""
        try:
            if self._away:
                raise self._away
            with use(self._context):
                await task(host, self._email, self._tls.authority)
        except (Fenced, LedgerError):
            raise
        except TenfoldError as error:
            if isinstance(error, AuthorityAway):
                self._away = error
            await asyncio.to_thread(record_failure, self._context, host, self._tls.authority, error)
            return False
        return True


async def _as_known(context: RunContext, snapshot: StackSnapshot) -> StackSnapshot:
    """The snapshot with what the ledger knows of its certificates by now."""
    ledger, stack = context.ledger, context.stack
    known, versions = await asyncio.to_thread(lambda: (ledger.certificates.of(stack), ledger.secrets.kept(stack)))
    return replace(snapshot, certificates=known, secret_versions=versions)


async def _proxy(
    context: RunContext, snapshot: StackSnapshot, verb: str, content: ReleaseManifest, reason: str
) -> Report:
    """Have the proxy take in what is known by now, and nothing else."""
    desired = desired_with_release(snapshot, content).resources
    proxy = [resource for resource in desired if resource.address == PROXY_ADDRESS]
    return await converge(context, verb, reason, proxy, alone=True)


def _notes(snapshot: StackSnapshot, hosts: Iterable[str]) -> list[str]:
    has_own = holds_own_certificate(snapshot.stack, snapshot.secret_versions)
    notes = certificate_notes(hosts, snapshot.certificates, now(), has_own=has_own)
    return [note.text.rstrip(".") for note in notes]


def _together(reports: list[Report], notes: list[str]) -> Report:
    changes = tuple(change for report in reports for change in report.changes)
    return replace(
        reports[0], summary="; ".join([reports[0].summary, *notes]), changes=changes, links=reports[-1].links
    )
