"""The size of a file server: what it sends at the same time."""

from dataclasses import dataclass

from infra_specs.sizing.powers import power_of_two
from infra_specs.stackfile.models.units import size_text

MEGABYTE = 2**20
BASE_BYTES = 32 * MEGABYTE
"""Of the server itself with its workers and idle connections, twice what they were measured to take."""
REQUEST_BYTES = MEGABYTE // 2
"""What one answer under way may take in the system's buffers; the file itself is in the page cache, which yields."""


@dataclass(frozen=True, slots=True)
class FilesSize:
    """A file server's memory in bytes."""

    memory: int
    arithmetic: tuple[str, ...]


def size_files(service: str, in_flight: float) -> FilesSize:
    """Size for as many answers at once as the service has requests `in_flight` at its design capacity."""
    memory = power_of_two(BASE_BYTES + in_flight * REQUEST_BYTES)
    return FilesSize(
        memory,
        (
            f"{service}'s files: {size_text(memory)} of memory for {in_flight:.4g} in flight x "
            f"{size_text(REQUEST_BYTES)} + {size_text(BASE_BYTES)}",
        ),
    )
