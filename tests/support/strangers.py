"""Processes that a test starts itself, beside those of the product."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def running(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """This command, for as long as the block takes: it is killed at the end, also after a failed assertion.

    The block of a bare `Popen` waits for its process, for ever if nobody ends it. `options` are those of `Popen`.
    """
    with subprocess.Popen(command, **options) as process:
        try:
            yield process
        finally:
            process.kill()
