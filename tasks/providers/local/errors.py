"""What the operating system refuses becomes ours: a full disk, a folder of somebody else's."""

from collections.abc import Iterator
from contextlib import contextmanager

from infra_specs.errors import DiskFull, ProviderError
from tasks.base.disk import is_full


@contextmanager
def translated() -> Iterator[None]:
    """A block out of which an OSError comes as ProviderError."""
    try:
        yield
    except OSError as error:
        path = f" {error.filename}" if error.filename else ""
        if is_full(error):
            raise DiskFull(f"the local target could not write{path}: the disk is full; make room, try again") from error
        raise ProviderError(f"the local target could not use{path}: {error.strerror or error}") from error
