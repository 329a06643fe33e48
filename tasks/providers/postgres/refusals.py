"""What a PostgreSQL says when it lacks something, told from what it says of what it was given."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from infra_specs.errors import OutOfResources, ProviderError, TransientError

_LACKS = re.compile(
    r"No space left on device|Disk quota exceeded|could not extend file|temporary file size exceeds"
    r"|out of memory|out of shared memory|Cannot allocate memory|could not resize shared memory|insufficient memory"
    r"|too many clients|too many connections|connection slots are reserved|Too many open files"
    r"|server closed the connection|connection to server .* failed|no connection to the server"
    r"|terminating connection|the database system is (?:starting|shutting|in recovery|not yet)",
    re.IGNORECASE,
)
_KILLED = re.compile(r"\w+ ended with (?:-9|137)\b")
"""What a program ends with that was killed, as one is that takes too much memory."""


def is_lack(message: str) -> bool:
    """Whether a server's words, or how its program ended, say that it lacks something."""
    return bool(_LACKS.search(message) or _KILLED.match(message))


@contextmanager
def lacks_told() -> Iterator[None]:
    """A block out of which a ProviderError comes as OutOfResources where the server lacks something."""
    try:
        yield
    except (OutOfResources, TransientError):
        raise
    except ProviderError as error:
        if is_lack(str(error)):
            raise OutOfResources(str(error)) from error
        raise
