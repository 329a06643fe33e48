"""Hold back the log of a run until it is known whether it is worth keeping; that of a check without changes is not."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LOGGERS = ("prefect.flow_runs", "prefect.task_runs")


class HeldLog:
    """The records of one run, in their order."""

    def __init__(self) -> None:
        self._records: list[tuple[logging.Logger, logging.LogRecord]] = []
        self._is_kept = False

    def hold(self, logger: logging.Logger, record: logging.LogRecord) -> bool:
        """Whether the record passes now; otherwise it is held back. A warning lets all of them pass."""
        if not self._is_kept and record.levelno < logging.WARNING:
            self._records.append((logger, record))
            return False
        self.keep()
        return True

    def keep(self) -> None:
        """Write what was held back, and hold nothing more."""
        self._is_kept = True
        records, self._records = self._records, []
        for logger, record in records:
            logger.handle(record)


_held: ContextVar[HeldLog | None] = ContextVar("held log", default=None)


@contextmanager
def held_log() -> Iterator[HeldLog]:
    """Hold back the log of a run that is run in this block. Whatever is held at its end is gone."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, _Filter) for known in logger.filters):
            logger.addFilter(_Filter(logger))
    log = HeldLog()
    token = _held.set(log)
    try:
        yield log
    finally:
        _held.reset(token)


def keep_log() -> None:
    """Write what of this run's log was held back: somebody will look at the run."""
    if log := _held.get():
        log.keep()


class _Filter(logging.Filter):
    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._logger = logger

    def filter(self, record: logging.LogRecord) -> bool:
        log = _held.get()
        return log is None or log.hold(self._logger, record)
