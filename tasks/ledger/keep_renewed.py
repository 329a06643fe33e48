"""Keeping a lock for the length of a block."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from infra_specs.errors import Fenced, LedgerError
from tasks.ledger.ledger import Ledger
from tasks.ledger.lock import Hold

_log = logging.getLogger(__name__)


@contextmanager
def held(ledger: Ledger, hold: Hold, lease_seconds: float) -> Iterator[Hold]:
    """Renew `hold` three times a lease until the block ends, then release it.

    The block is not interrupted when the lock is lost: `ledger.check` raises from then on, and every write is refused.
    """
    ended = Event()
    renewing = Thread(target=_renew, args=(ledger, hold, lease_seconds / 3, ended), name="lease", daemon=True)
    renewing.start()
    try:
        yield hold
    finally:
        ended.set()
        renewing.join()
        _release(ledger, hold)


def _renew(ledger: Ledger, hold: Hold, seconds: float, ended: Event) -> None:
    while not ended.wait(seconds):
        try:
            ledger.renew(hold)
        except Fenced as lost:
            _log.warning("%s", lost)
            return
        except LedgerError as away:
            _log.warning("%s The lease is not renewed.", away)  # the next beat may come through before it runs out


def _release(ledger: Ledger, hold: Hold) -> None:
    try:
        ledger.release(hold)
    except LedgerError as away:
        _log.warning("%s The lock of %s is free when its lease runs out.", away, hold.stack)  # what was done is done
