"""Keep a lease renewed for the length of a block."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from infra_specs.errors import Fenced, LedgerError
from tasks.ledger.ledger import Ledger
from tasks.ledger.locks import Lease

_log = logging.getLogger(__name__)


@contextmanager
def keep_renewed(ledger: Ledger, lease: Lease, lease_seconds: float) -> Iterator[Lease]:
    """Renew the lease three times in `lease_seconds` until the block ends, then release it.

    The block is not interrupted when the lock is lost: `ledger.locks.check` and every write raise Fenced from then on.
    """
    ended = Event()
    renewing = Thread(target=_renew, args=(ledger, lease, lease_seconds / 3, ended), name="lease", daemon=True)
    renewing.start()
    try:
        yield lease
    finally:
        ended.set()
        renewing.join()
        _release(ledger, lease)


def _renew(ledger: Ledger, lease: Lease, seconds: float, ended: Event) -> None:
    while not ended.wait(seconds):
        try:
            ledger.locks.renew(lease)
        except Fenced as error:
            _log.warning("%s", error)
            return
        except LedgerError as error:
            _log.warning("%s The lease is not renewed.", error)  # the next beat may come through before it runs out


def _release(ledger: Ledger, lease: Lease) -> None:
    try:
        ledger.locks.release(lease)
    except LedgerError as error:
        _log.warning("%s The lock of %s is free when its lease runs out.", error, lease.stack)  # what was done is done
