"""Forty secrets of unusual form, and where any form of them is to be found."""

import base64
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.infra_specs.redaction.written import forms

token = secrets.token_hex(6)
"""New in each session: what an earlier one left behind is not found."""


def _pem(number: int) -> str:
    body = base64.b64encode((f"{number:02}-{token}-" * 12).encode()).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"])


_SHAPES = (
    "plain{}", "it's \"quoted\" {}", "p@ss \"word\"/&%+é-{}", "C:\\new\\table\\{}\\", "trailing-backslash-{}\\",
    "-leading-dash-{}", "--option={}", "spaces   and\ttabs {}", "ünïcödé-{}-☃", "😀-{}-emoji", "100%-{}-%41%20",
    '{{"type":"service","key":"{}"}}', "[1,2,{}]", ".*+?^$(){}|[a-z]\\d{{2}}", "host=db password=word-{} user=app",
    "[secret x] {}", "[secret]{}", "$HOME/${{PATH}}/{}", "`id`;$(id)#{}", "a=b&c=d+{}", "<b>{}</b>&amp;",
    "x" * 40 + "{}",
    "redis://:it's\"own\"/{}@cache", "postgresql://app:Ab/cd+{}@db:5432/app", "eyJhbGciOi.{}.c2ln", "{}" + "=" * 4,
    "line one {}\nline two of it {}", "\n\nblank before {}", "crlf one {}\r\ncrlf two {}", "  around {}  ",
    "semi;colon,comma|pipe {}", "!history!{}!", "$$$$%%%%''''\"\"\"\"{}", "quote'\\''in shell {}",
    "\u200bzero-width-{}",
    "long-" + "ab1-" * 300 + "{}",
)  # fmt: skip


def forty() -> dict[str, str | bytes]:
    """Name -> value. Two are keys of many lines, one is the beginning of another, one is bytes."""
    shaped = {f"s{number:02}": shape.format(*[f"{number:02}{token}"] * 3) for number, shape in enumerate(_SHAPES)}
    return {
        **shaped,
        "key": _pem(90),
        "prefix": f"acme-live-{token}",
        "whole": f"acme-live-{token}-production",
        "store": b"\x30\x82\x00\xff\xfe\r\n" + bytes.fromhex(token) + token.encode(),
    }


def needles(values: Mapping[str, str | bytes]) -> dict[bytes, str]:
    """Every form of every value as it is written to a file -> the secret's name."""
    found: dict[bytes, str] = {}
    for name, value in values.items():
        if isinstance(value, bytes):
            found |= dict.fromkeys((value, base64.b64encode(value), value.hex().encode(), repr(value).encode()), name)
            continue
        for form in forms.values():
            text = form(value.strip())
            found |= dict.fromkeys((text.encode(), json.dumps(text)[1:-1].encode()), name)
        for line in value.splitlines():
            if len(line.strip()) >= 16 and token in line:
                found[line.strip().encode()] = name
    return found


def told(places: Mapping[str, bytes], values: Mapping[str, str | bytes]) -> list[tuple[str, str]]:
    """Where a secret is, and which one."""
    wanted = needles(values)
    return sorted(
        {(location, name) for location, text in places.items() for needle, name in wanted.items() if needle in text}
    )


def files_below(*folders: Path) -> dict[str, bytes]:
    """Every file, by its path."""
    return {
        str(path): path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def command_lines() -> bytes:
    """Those of every process of this machine."""
    return b"\n".join(_read(path) for path in Path("/proc").glob("[0-9]*/cmdline"))


def names(paths: Iterable[tuple[str, str]], home: Path) -> set[str]:
    """The places alone, below the home."""
    return {os.path.relpath(path, home) for path, _ in paths}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
