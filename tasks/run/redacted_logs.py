"""Every log record and error of this process, ours, Prefect's and those of libraries, without secrets and bounded."""

import logging
import traceback
from typing import Any

from infra_specs.errors import TenfoldError
from tasks.base.known_secrets import known_secrets


def redact_logs() -> None:
    """Redact every later log record of this process, and make it fit to be shown. Idempotent.

    Records are redacted when they are created, since libraries install handlers of their own.
    """
    factory = logging.getLogRecordFactory()
    if not isinstance(factory, _Factory):
        logging.setLogRecordFactory(_Factory(factory))


def without_secrets(error: Exception) -> Exception:
    """The same error, or another if its text contains a known secret or is not fit to be shown."""
    text = str(error)
    redacted = known_secrets.shown(text)
    if redacted == text:
        return error
    if isinstance(error, TenfoldError):
        error.args = (redacted,)
        return error
    return RuntimeError(f"{type(error).__name__}: {redacted}")


class _Factory:
    """Wraps the previous record factory."""

    def __init__(self, before: Any) -> None:
        self._before = before

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._before(*args, **kwargs)
        try:
            message = record.getMessage()
        except Exception:  # a record that does not fit its values: logging itself says so
            return record
        redacted = known_secrets.shown(message)
        if redacted != message:
            record.msg, record.args = redacted, None
        if record.exc_info and record.exc_info[0]:
            trace = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            if (redacted := known_secrets.shown(trace)) != trace:
                record.exc_text = redacted  # formatters take it before they format the exception themselves
        return record
