"""Output and errors of a command are told apart, however the engine cuts what it sends."""

import struct

import pytest

from tasks.providers.docker.commands.attached import Frames

pytestmark = pytest.mark.pure

SENT = [(1, b"first"), (2, b"wrong"), (1, b""), (1, b"x" * 70_000), (2, b"\x01\x00\x00\x00")]
WIRE = b"".join(struct.pack(">BxxxL", stream, len(data)) + data for stream, data in SENT)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 4096, len(WIRE)])
def test_every_byte_comes_from_its_stream(size: int) -> None:
    frames, streams = Frames(), {1: b"", 2: b""}
    for start in range(0, len(WIRE), size):
        for stream, data in frames.take(WIRE[start : start + size]):
            assert 0 < len(data) <= size
            streams[stream] += data
    assert streams == {wanted: b"".join(data for stream, data in SENT if stream == wanted) for wanted in (1, 2)}
