"""The part of protocol buffers that is spoken with BuildKit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.providers.docker.buildkit.wire import BrokenMessage, field, fields, texts

pytestmark = pytest.mark.pure


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 2**64 - 1) | st.binary())))
def test_what_is_written_is_read(parts: list[tuple[int, int | bytes]]) -> None:
    assert list(fields(b"".join(field(number, value) for number, value in parts))) == parts


@given(st.binary(max_size=40))
def test_anything_else_is_read_or_refused(message: bytes) -> None:
    try:
        list(fields(message))
    except BrokenMessage:
        return


def test_as_the_format_says() -> None:
    assert field(1, 150) == b"\x08\x96\x01"
    assert field(2, "testing") == b"\x12\x07testing"
    assert list(fields(field(6, -1))) == [(6, 2**64 - 1)]
    assert list(fields(b"\x0d\1\0\0\0\x11\1\0\0\0\0\0\0\0")) == [(1, b"\1\0\0\0"), (2, b"\1\0\0\0\0\0\0\0")]
    assert texts(field(1, "a") + field(2, 7) + field(3, b"\xff")) == {1: "a", 3: "\ufffd"}


@pytest.mark.parametrize("message", [b"\x08", b"\x08\xff", b"\x12\x05abc", b"\x0b", b"\xff" * 11])
def test_what_ends_too_early_is_refused(message: bytes) -> None:
    with pytest.raises(BrokenMessage):
        list(fields(message))
