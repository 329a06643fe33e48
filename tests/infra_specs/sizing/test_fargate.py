"""Every size that a person may ask for is rounded up to a pair that Fargate has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.sizing.fargate import MEGABYTE, FargateSize, fargate_size

pytestmark = pytest.mark.pure

GB = 2**30


@pytest.mark.parametrize(
    ("cpus", "memory", "size"),
    [
        (None, None, FargateSize(256, 512)),
        (0.01, 8 * MEGABYTE, FargateSize(256, 512)),
        (0.25, 513 * MEGABYTE, FargateSize(256, 1024)),
        (0.26, None, FargateSize(512, 1024)),
        (0.25, 3 * GB, FargateSize(512, 3072)),
        (None, 8 * GB, FargateSize(1024, 8192)),
        (None, 8 * GB + 1, FargateSize(2048, 9216)),
        (2, GB, FargateSize(2048, 4096)),
        (4, 30 * GB, FargateSize(4096, 30720)),
        (4, 31 * GB, FargateSize(8192, 32768)),
        (8, 17 * GB, FargateSize(8192, 20480)),
        (16, 33 * GB, FargateSize(16384, 40960)),
        (16, 120 * GB, FargateSize(16384, 122880)),
        (16.01, None, None),
        (None, 120 * GB + 1, None),
    ],
)
def test_the_next_pair(cpus: float | None, memory: int | None, size: FargateSize | None) -> None:
    assert fargate_size(cpus, memory) == size


@given(st.floats(0.01, 16), st.integers(1, 120 * GB))
def test_a_pair_is_never_less_than_asked_for(cpus: float, memory: int) -> None:
    size = fargate_size(cpus, memory)
    assert size is not None
    assert size.cpu >= cpus * 1024
    assert size.memory * MEGABYTE >= memory
