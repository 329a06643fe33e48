"""Renew what a run holds for the length of a block, in a thread beside it."""

import logging
from collections.abc import Callable, Iterator
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
    try:
        with repeat_beside(lambda: ledger.locks.renew(lease), lease_seconds / 3):
            yield lease
    finally:
        _release(ledger, lease)


@contextmanager
def repeat_beside(renew: Callable[[], None], seconds: float) -> Iterator[None]:
    """Call `renew` every so many seconds until the block ends.

    Fenced ends the calls; other errors of the ledger are logged.
    """
    ended = Event()
    renewing = Thread(target=_repeat, args=(renew, seconds, ended), name="lease", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()


def _repeat(renew: Callable[[], None], seconds: float, ended: Event) -> None:
    while not ended.wait(seconds):
        try:
            renew()
        except Fenced as error:
            _log.warning("%s", error)
            return
        except LedgerError as error:
            _log.warning("%s The lease is not renewed.", error)  # the next call may come through before it runs out


def _release(ledger: Ledger, lease: Lease) -> None:
    try:
        ledger.locks.release(lease)
    except LedgerError as error:
        _log.warning("%s The lock of %s is free when its lease runs out.", error, lease.stack)  # what was done is done
