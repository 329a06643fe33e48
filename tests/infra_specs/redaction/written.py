"""The forms in which programs write a value."""

import base64
import html
import json
import shlex
import urllib.parse
from collections.abc import Callable

import yaml

Form = Callable[[str], str]


def _base64(value: str, before: str = "") -> str:
    return base64.b64encode((before + value).encode()).decode()


def _utf16(value: str) -> str:
    data = value.encode("utf-16-be")
    return "".join(f"\\u{data[at]:02x}{data[at + 1]:02x}" for at in range(0, len(data), 2))


def _inside(text: str) -> str:
    return text[1:-1]


forms: dict[str, Form] = {
    "as it is": lambda value: value,
    "JSON": lambda value: _inside(json.dumps(value)),
    "JSON, not in ASCII": lambda value: _inside(json.dumps(value, ensure_ascii=False)),
    "JSON with escaped slashes": lambda value: _inside(json.dumps(value).replace("/", "\\/")),
    "JSON in JSON": lambda value: _inside(json.dumps(json.dumps(value))),
    "JSON as Go writes it": lambda value: _inside(json.dumps(value)).replace("<", "\\u003c").replace("&", "\\u0026"),
    "percent": lambda value: urllib.parse.quote(value, safe=""),
    "percent, small": lambda value: urllib.parse.quote(value, safe="").replace("%2F", "%2f").replace("%3D", "%3d"),
    "percent, all of it": lambda value: "".join(f"%{byte:02X}" for byte in value.encode()),
    "percent twice": lambda value: urllib.parse.quote(urllib.parse.quote(value, safe=""), safe=""),
    "a path": urllib.parse.quote,
    "a form": urllib.parse.quote_plus,
    "HTML": html.escape,
    "HTML without quotes": lambda value: html.escape(value, quote=False),
    "HTML in numbers": lambda value: value.encode("ascii", "xmlcharrefreplace").decode(),
    "HTML, all in numbers": lambda value: "".join(f"&#{ord(letter)};" for letter in value),
    "base64": _base64,
    "base64 without filling": lambda value: _base64(value).rstrip("="),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "base64, one before": lambda value: _base64(value, "u:"),
    "base64, a login": lambda value: _base64(value, "user:"),
    "base64, a URL": lambda value: _base64(value + "@db:5432/app", "postgresql://app:"),
    "base64 of JSON": lambda value: _base64(json.dumps({"auth": value})),
    "base64 of base64": lambda value: _base64(json.dumps({"auth": _base64(value, "user:")})),
    "base64 in lines": lambda value: base64.encodebytes((value * 3).encode()).decode().strip(),
    "base64 in lines, as repr": lambda value: repr(base64.encodebytes((value * 3).encode())),
    "hexadecimal": lambda value: value.encode().hex(),
    "hexadecimal, large": lambda value: value.encode().hex().upper(),
    "hexadecimal with colons": lambda value: value.encode().hex(":"),
    "a list of bytes": lambda value: str(list(value.encode())),
    "repr": repr,
    "repr of bytes": lambda value: repr(value.encode()),
    "repr of repr": lambda value: repr(repr(value)),
    "ASCII": ascii,
    "unicode escapes": lambda value: value.encode("unicode_escape").decode(),
    "unicode escapes, all": _utf16,
    "shell": shlex.quote,
    "YAML": lambda value: yaml.safe_dump(value, width=1_000_000),
    "YAML, quoted": lambda value: yaml.safe_dump(value, default_style='"', width=1_000_000),
    "Latin-1": lambda value: value.encode().decode("latin-1"),
}
