"""What may be a secret's value, and exactly what is said of everything else."""

import pytest

from infra_specs.errors import SpecError
from infra_specs.secret_values import LONGEST, read_value

pytestmark = pytest.mark.pure

mark, line_end = "The byte order mark at its beginning was taken off.", "The line end at its end was taken off."


@pytest.mark.parametrize(
    ("data", "value", "notes"),
    [
        (b"sk-test-0123456789", "sk-test-0123456789", ()),
        (b"sk-test-0123456789\n", "sk-test-0123456789", (line_end,)),
        (b"sk-test-0123456789\r\n", "sk-test-0123456789", (line_end,)),
        (b"sk-test-0123456789\n\n", "sk-test-0123456789\n", (line_end,)),
        (b"\xef\xbb\xbfsk-test-0123456789", "sk-test-0123456789", (mark,)),
        (b"\xef\xbb\xbfsk-test-0123456789\r\n", "sk-test-0123456789", (mark, line_end)),
        (b"one line\r\nanother\r\n", "one line\r\nanother", (line_end,)),
        ("pässword\u2028".encode(), "pässword\u2028", ()),
        (b"x" * LONGEST, "x" * LONGEST, ()),
    ],
)
def test_text_is_read(data: bytes, value: str, notes: tuple[str, ...]) -> None:
    secret = read_value("stripe", data)
    assert (secret.value, secret.notes) == (value, notes)


def test_bytes_are_kept_as_they_are() -> None:
    data = b"\xef\xbb\xbf\0\xff" * 3 + b"\r\n"
    assert read_value("key", data, binary=True).value == data


def test_a_short_one_is_kept_when_asked_for_and_said() -> None:
    secret = read_value("pin", b"1234\n", short=True)
    assert secret.value == "1234"
    assert secret.notes == (
        line_end,
        "It has 4 characters, so it cannot be redacted: what programs write is shown with it.",
    )


_BINARY = "Set it with --binary to keep its bytes, which a service is given as a file."


@pytest.mark.parametrize(
    ("data", "binary", "said"),
    [
        (b"", False, "The value of s is empty. Type it when asked, or pipe it in."),
        (b"\n", False, "The value of s is empty. Type it when asked, or pipe it in."),
        (b"\xef\xbb\xbf\r\n", False, "The value of s is empty. Type it when asked, or pipe it in."),
        (b"", True, "The value of s is empty. Type it when asked, or pipe it in."),
        (b" " * 9, False, "The value of s is nothing but white space. Type it when asked, or pipe it in."),
        (b"1234567\n", False, "The value of s has 7 characters. One of fewer than 8 cannot be redacted, since ordinary "
         "text holds it too. Choose a longer one, or set it with --short."),
        (b"x", False, "The value of s has 1 character. One of fewer than 8 cannot be redacted, since ordinary text "
         "holds it too. Choose a longer one, or set it with --short."),
        (b"\0\xff", True, "The value of s has 2 bytes. One of fewer than 8 cannot be redacted, since ordinary text "
         "holds it too. Choose a longer one, or set it with --short."),
        (bytes([0x30, 0x82, 0x04, 0xFF, 0xFE, 0x80, 0x0A, 0xC3]), False,
         f"The value of s is not text in UTF-8. {_BINARY}"),
        ("secret-value".encode("utf-16"), False,
         f"The value of s is not text in UTF-8. It looks like UTF-16: save it as UTF-8. {_BINARY}"),
        (b"before\0after", False, f"The value of s holds a NUL, which no variable can. {_BINARY}"),
        (b"x" * (LONGEST + 1), False, "The value of s is longer than 65536 bytes: a program's variables cannot hold "
         "much more. Put it into a volume of the service."),
    ],
)  # fmt: skip
def test_what_is_refused(data: bytes, binary: bool, said: str) -> None:
    with pytest.raises(SpecError) as refused:
        read_value("s", data, binary=binary)
    assert str(refused.value) == said
