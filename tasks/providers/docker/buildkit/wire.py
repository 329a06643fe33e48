"""The part of protocol buffers that BuildKit's messages need: whole numbers and byte strings, by field number."""

from collections.abc import Iterator

_varint, _fixed64, _bytes, _fixed32 = 0, 1, 2, 5


class BrokenMessage(ValueError):
    """These bytes are no message."""


def field(number: int, value: int | str | bytes) -> bytes:
    """One field of a message. A negative number is one of 64 bits."""
    if isinstance(value, int):
        return _number(number << 3 | _varint) + _number(value & (1 << 64) - 1)
    data = value.encode() if isinstance(value, str) else value
    return _number(number << 3 | _bytes) + _number(len(data)) + data


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Every field of a message with its number, in order. Raises BrokenMessage."""
    at = 0
    while at < len(message):
        key, at = _read_number(message, at)
        kind = key & 7
        if kind == _varint:
            value, at = _read_number(message, at)
            yield key >> 3, value
            continue
        if kind == _bytes:
            length, at = _read_number(message, at)
        elif kind in (_fixed64, _fixed32):
            length = 8 if kind == _fixed64 else 4
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
