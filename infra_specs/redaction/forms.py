"""One character of a secret in every form that programs write it in, as a regular expression.

Letters and digits stay as they are in JSON, URLs, forms, HTML, Python's repr, shells and YAML. Every other character
has a few forms, and a text may mix them: `"` is `\\"` in JSON, `\\\\\\"` in JSON that holds JSON, `%22` in a URL.
"""

import re
import unicodedata
from html.entities import codepoint2name

_slashes = r"\\{0,15}"
_backslashes = r"\\{1,15}"
_letters = {
    "\a": "a", "\b": "b", "\t": "t", "\v": "v", "\f": "f", "\r": "r", "\0": "0", "\x1b": "e",
    "\xa0": "_", "\x85": "N", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
"""What stands behind a backslash for them; the last four in YAML."""
_extra = {
    " ": r"\+",
    "\t": " ",
    "'": r"''|'\\{1,15}''|'\"'\"'",
    '"': '""',
    "$": r"\$\$",
    "%": "%%",
}
"""Forms of one language each: forms in URLs, shells, YAML, CSV, Compose files, printf."""
_units = re.compile(r"\\+|(?:\r?\n)+|.", re.DOTALL)


def units(text: str) -> list[str]:
    """A text in pieces that have forms of their own: runs of backslashes, runs of line ends, single characters."""
    return _units.findall(text)


def form(unit: str) -> str:
    """The regular expression of one unit."""
    if unit[0] == "\\":
        return _of_backslashes(len(unit))
    if unit[-1] == "\n":
        return _of_line_ends(unit.count("\n"))
    if unit.isascii() and (unit.isalnum() or unit == "_"):
        return unit
    ways = [f"{_slashes}{re.escape(unit)}", *_escapes(unit)]
    if unit in _extra:
        ways.insert(0, _extra[unit])
    if unit in _letters:
        ways.append(f"{_backslashes}{_letters[unit]}")
    if not unit.isascii():
        ways += _of_bytes(unit)
    return f"(?:{'|'.join(ways)})"


def _escapes(character: str) -> list[str]:
    """By its number: URLs and HTML, and after a backslash JSON, Python, JavaScript, C and shells."""
    code = ord(character)
    numbers = [f"u{_hex(code, 4)}", rf"u\{{0*{_hex(code, 1)}\}}", f"U{_hex(code, 8)}"]
    if code > 0xFFFF:
        high, low = divmod(code - 0x10000, 0x400)
        numbers[0] = rf"u{_hex(0xD800 + high, 4)}{_backslashes}u{_hex(0xDC00 + low, 4)}"
    if code < 0x100:
        numbers += [f"x{_hex(code, 2)}", f"{code:03o}"]
    entities = [f"#0*{code}", f"#[xX]0*{_hex(code, 1)}", *([codepoint2name[code]] if code in codepoint2name else [])]
    if character == "'":
        entities.append("apos")
    ways = [f"{_backslashes}(?:{'|'.join(numbers)})", f"&(?:amp;){{0,3}}(?:{'|'.join(entities)});"]
    return [*ways, _percent(code)] if code < 0x100 else ways


def _of_bytes(character: str) -> list[str]:
    """Beyond ASCII: its bytes in UTF-8, escaped or read as Latin-1, and the same letter composed another way."""
    data = character.encode()
    escaped = "".join(f"(?:{_backslashes}(?:x{_hex(byte, 2)}|{byte:03o})|{_percent(byte)})" for byte in data)
    ways = [escaped, re.escape(data.decode("latin-1"))]
    for kind in ("NFC", "NFD"):
        other = unicodedata.normalize(kind, character)
        if other != character:
            ways.append(re.escape(other))
    return ways


def _of_backslashes(count: int) -> str:
    other = "|".join(_escapes("\\"))
    return rf"(?:\\{{{count},{16 * count}}}|(?:{other}){{{count}}})"


def _of_line_ends(count: int) -> str:
    """Indented in YAML, one space for all of them where a shell does not quote, `\\n` in all else."""
    escaped = rf"(?:{_backslashes}r)?{_backslashes}n"
    percent = f"(?:{_percent(13)})?{_percent(10)}"
    return rf"(?: |(?:\r?\n[ \t]{{0,40}}|{escaped}|{percent}|{'|'.join(_escapes(chr(10)))}){{1,{count}}})"


def _percent(code: int) -> str:
    return f"%(?:25){{0,3}}{_hex(code, 2)}"


def _hex(number: int, width: int) -> str:
    digits = f"{number:0{width}x}"
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
