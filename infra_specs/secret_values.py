"""What may be the value of a secret: read from the bytes that a person typed or piped in."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra_specs.errors import SpecError
from infra_specs.redaction.needles import SHORTEST

LONGEST = 64 * 1024
"""Bytes of a value. Linux takes 128 KiB for one variable, name included; more is a file, and belongs into a volume."""
_MARK = "\ufeff"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class SecretValue:
    """A value as it is kept, and what was done to it in sentences. `str` is text, `bytes` are given as a file."""

    value: str | bytes
    notes: tuple[str, ...] = ()


def read_value(name: str, data: bytes, *, binary: bool = False, short: bool = False) -> SecretValue:
    """The value of the secret `name` from what was typed or piped in.

    Text is UTF-8; a byte order mark and one line end at its end are taken off. With `binary` the bytes are kept as they
    are. Raises SpecError, which never shows the value, for what cannot be one.
    """
    if len(data) > LONGEST:
        raise SpecError(
            f"The value of {name} is longer than {LONGEST} bytes: a program's variables cannot hold much more. "
            "Put it into a volume of the service."
        )
    secret = SecretValue(data) if binary else _text(name, data)
    size = len(secret.value)
    if not size:
        raise SpecError(f"The value of {name} is empty. Type it when asked, or pipe it in.")
    if isinstance(secret.value, str) and not secret.value.strip():
        raise SpecError(f"The value of {name} is nothing but white space. Type it when asked, or pipe it in.")
    if size >= SHORTEST:
        return secret
    unit = ("byte" if binary else "character") + ("s" if size > 1 else "")
    if not short:
        raise SpecError(
            f"The value of {name} has {size} {unit}. One of fewer than {SHORTEST} cannot be redacted, since ordinary "
            "text holds it too. Choose a longer one, or set it with --short."
        )
    note = f"It has {size} {unit}, so it cannot be redacted: what programs write is shown with it."
    return SecretValue(secret.value, (*secret.notes, note))


def _text(name: str, data: bytes) -> SecretValue:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        hint = " It looks like UTF-16: save it as UTF-8." if data.startswith(_UTF16_MARKS) else ""
        raise SpecError(
            f"The value of {name} is not text in UTF-8.{hint} Set it with --binary to keep its bytes, which a service "
            "is given as a file."
        ) from None
    if "\0" in text:
        raise SpecError(
            f"The value of {name} holds a NUL, which no variable can. Set it with --binary to keep its bytes, which a "
            "service is given as a file."
        )
    notes = list(_taken_off(text))
    text = text.removeprefix(_MARK)
    return SecretValue(text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text, tuple(notes))


def _taken_off(text: str) -> Iterator[str]:
    if text.startswith(_MARK):
        yield "The byte order mark at its beginning was taken off."
    if text.endswith("\n"):
        yield "The line end at its end was taken off."
