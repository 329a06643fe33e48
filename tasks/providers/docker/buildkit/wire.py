"""The part of protocol buffers that BuildKit's messages need: whole numbers and byte strings, by field number."""

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class BrokenMessage(ValueError):
    """These bytes are no message."""


def field(number: int, value: int | str | bytes) -> bytes:
    """One field of a message. A negative number is one of 64 bits."""
    if isinstance(value, int):
        return _number(number << 3 | _VARINT) + _number(value & (1 << 64) - 1)
    data = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | _BYTES) + _number(len(data)) + data


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Every field of a message with its number, in order. Raises BrokenMessage."""
    at = 0
    while at < len(message):
        key, at = _read_number(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read_number(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, at = _read_number(message, at)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise BrokenMessage(f"a field of kind {kind}")
        if at + length > len(message):
            raise BrokenMessage("a field that ends after its message")
        yield key >> 3, message[at : at + length]
        at += length


def texts(message: bytes) -> dict[int, str]:
    """The last text of each field that holds bytes."""
    return {number: value.decode(errors="replace") for number, value in fields(message) if isinstance(value, bytes)}


def _number(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _read_number(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise BrokenMessage("a number without an end")
