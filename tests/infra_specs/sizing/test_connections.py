"""What a proxy may hold, from memory and files: the smaller of both decides, within bounds."""

import pytest

from infra_specs.sizing.connections import connection_limit

pytestmark = pytest.mark.pure
GIGABYTE = 2**30


@pytest.mark.parametrize(
    ("memory", "files", "limit"),
    [
        (24 * GIGABYTE, 20_000, 4096),
        (24 * GIGABYTE, 1_048_576, 32_768),
        (GIGABYTE, 1_048_576, 2048),
        (GIGABYTE // 2, 1_048_576, 1024),
        (24 * GIGABYTE, 4096, 1024),
        (24 * GIGABYTE, 256, 256),
        (1, 1, 256),
        (1024 * GIGABYTE, 10_000_000, 65_536),
    ],
)
def test_connection_limit(memory: int, files: int, limit: int) -> None:
    assert connection_limit(memory, files) == limit
