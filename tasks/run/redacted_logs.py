"""Logs and errors of this process without known secrets, whoever wrote them: our code, Prefect, a library."""

import logging
import traceback
from typing import Any

from infra_specs.errors import TenfoldError
from tasks.base.known_secrets import known


def redact_logs() -> None:
    """Make every log record of this process from now on without known secrets. Calling it again changes nothing.

    At the record's making and not at a handler: libraries bring handlers of their own.
    """
    make = logging.getLogRecordFactory()
    if not isinstance(make, _Factory):
        logging.setLogRecordFactory(_Factory(make))


def without_secrets(error: Exception) -> Exception:
    """The same error, or one in its stead where its text tells a secret: who raises it shows that text."""
    text = str(error)
    shown = known.redacted(text)
    if shown == text:
        return error
    if isinstance(error, TenfoldError):
        error.args = (shown,)
        return error
    return RuntimeError(f"{type(error).__name__}: {shown}")


class _Factory:
    """Makes records as the factory before it does."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, *args: Any, **more: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._before(*args, **more)
        try:
            message = record.getMessage()
        except Exception:  # a record that does not fit its values: logging itself says so
            return record
        shown = known.redacted(message)
        if shown != message:
            record.msg, record.args = shown, None
        if record.exc_info and record.exc_info[0]:
            trace = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            if (shown := known.redacted(trace)) != trace:
                record.exc_text = shown  # formatters take it before they format the exception themselves
        return record
