"""What a proxy may hold, from memory and files: the smaller of both decides, within bounds."""

import pytest

from infra_specs.sizing.connections import connection_limit

pytestmark = pytest.mark.pure
gigabyte = 2**30


@pytest.mark.parametrize(
    ("memory", "files", "limit"),
    [
        (24 * gigabyte, 20_000, 4096),
        (24 * gigabyte, 1_048_576, 32_768),
        (gigabyte, 1_048_576, 2048),
        (gigabyte // 2, 1_048_576, 1024),
        (24 * gigabyte, 4096, 1024),
        (24 * gigabyte, 256, 256),
        (1, 1, 256),
        (1024 * gigabyte, 10_000_000, 65_536),
    ],
)
def test_connection_limit(memory: int, files: int, limit: int) -> None:
    assert connection_limit(memory, files) == limit
