"""A secret's characters in every form that programs write them in, as regular expressions.

Letters and digits stay as they are in JSON, URLs, forms, HTML, Python's repr, shells and YAML. Every other character
has a few forms, and a text may mix them: `"` is `\\"` in JSON, `\\\\\\"` in JSON that holds JSON, `%22` in a URL.

A form that is a prefix of another one makes a needle ambiguous, and a regular expression of many such units never ends.
So `ways` names the forms of one unit apart, and each of them has one end, or those of its group.
"""

import re
import unicodedata
from html.entities import codepoint2name

_SLASHES = r"\\{0,15}"
_BACKSLASHES = r"\\{1,15}"
_LETTERS = {
    "\a": "a", "\b": "b", "\t": "t", "\v": "v", "\f": "f", "\r": "r", "\0": "0", "\x1b": "e",
    "\xa0": "_", "\x85": "N", "\u2028": "L", "\u2029": "P",
}  # fmt: skip
"""What stands behind a backslash for them; the last four in YAML."""
_EXTRA = {
    " ": (r"\+",),
    "\t": (" ",),
    "'": (r"'\\{1,15}''", rf"'{_SLASHES}\"'{_SLASHES}\"'"),
}
"""Forms of one language each: forms in URLs, shells."""
_DOUBLED = "'\"$%"
"""Written twice in YAML and SQL, CSV, Compose files, printf."""
_AMBIGUOUS = "\\\n'\"$%&\0ÂÃ"
"""The last two begin their own bytes in UTF-8."""
_UNITS = re.compile(r"\\+|(?:\r?\n)+|'+|\"+|\$+|%+|.", re.DOTALL)


def units(text: str) -> list[str]:
    """A text in pieces that have forms of their own: runs of backslashes, line ends and quotes, single characters."""
    return _UNITS.findall(text)


def is_ambiguous(unit: str) -> bool:
    """Whether one of its forms may be the beginning of another, so that it has several ends."""
    return unit[-1] in _AMBIGUOUS


def ways(unit: str) -> list[str]:
    """The forms of a unit. One with a group may end anywhere in the group, any other one has one end."""
    if unit[0] == "\\":
        return _of_backslashes(len(unit))
    if unit[-1] == "\n":
        return _of_line_ends(unit.count("\n"))
    if unit.isascii() and (unit.isalnum() or unit == "_"):
        return [unit]
    character, count = unit[0], len(unit)
    forms = [f"{_SLASHES}{re.escape(character)}", *_EXTRA.get(character, ()), *_escapes(character)]
    if character in _LETTERS:
        forms.append(f"{_BACKSLASHES}{_LETTERS[character]}")
    if not character.isascii():
        forms += _of_bytes(character)
    if count > 1:
        forms = [f"(?:{way}){{{count}}}" for way in forms]
    if character in _DOUBLED:
        forms.insert(0, f"{re.escape(character)}{{{count},{2 * count}}}")
    return forms


def form(unit: str) -> str:
    """The regular expression of one unit."""
    alternatives = ways(unit)
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"


def _escapes(character: str) -> list[str]:
    """By its number: URLs and HTML, and after a backslash JSON, Python, JavaScript, C and shells."""
    code = ord(character)
    numbers = [f"u{_hex(code, 4)}", rf"u\{{0*{_hex(code, 1)}\}}", f"U{_hex(code, 8)}"]
    if code > 0xFFFF:
        high, low = divmod(code - 0x10000, 0x400)
        numbers[0] = rf"u{_hex(0xD800 + high, 4)}{_BACKSLASHES}u{_hex(0xDC00 + low, 4)}"
    if code < 0x100:
        numbers += [f"x{_hex(code, 2)}", f"{code:03o}"]
    entities = [f"#0*{code}", f"#[xX]0*{_hex(code, 1)}", *([codepoint2name[code]] if code in codepoint2name else [])]
    if character == "'":
        entities.append("apos")
    escapes = [f"{_BACKSLASHES}(?:{'|'.join(numbers)})", f"&(?:amp;){{0,3}}(?:{'|'.join(entities)});"]
    return [*escapes, _percent(code)] if code < 0x100 else escapes


def _of_bytes(character: str) -> list[str]:
    """Beyond ASCII: its bytes in UTF-8, escaped or read as Latin-1, and the same letter composed another way."""
    data = character.encode()
    numbers = [(_percent(byte), f"x{_hex(byte, 2)}|u00{_hex(byte, 2)}|{byte:03o}") for byte in data]
    escaped = "".join(f"(?:{_BACKSLASHES}(?:{number})|{percent})" for percent, number in numbers)
    forms = [escaped, re.escape(data.decode("latin-1"))]
    for kind in ("NFC", "NFD"):
        other = unicodedata.normalize(kind, character)
        if other != character:
            forms.append(re.escape(other))
    return forms


def _of_backslashes(count: int) -> list[str]:
    """Those that escape the next unit may be told as part of the run, so at most fifteen stay behind it."""
    run = rf"\\{{{count}}}(\\{{0,{15 * count}}})(?=\\{{0,15}}(?!\\))"
    return [run, *(f"(?:{other}){{{count}}}" for other in _escapes("\\"))]


def _of_line_ends(count: int) -> list[str]:
    """Indented in YAML, which may write one more, one space for all where a shell does not quote, else `\\n`."""
    plain = r"\r?\n[ \t]{0,40}"
    escaped = rf"(?:{_BACKSLASHES}r)?{_BACKSLASHES}n"
    percent = f"(?:{_percent(13)})?{_percent(10)}"
    other = "|".join((escaped, percent, *_escapes("\n")))
    more = f"{{0,{count}}}"
    return [
        " ",
        rf"(?:(?:{plain}|{other})(?=[\r\n\\%&])){more}\r?\n([ \t]{{0,40}})",
        f"(?:{plain}|{other}){more}(?:{other})",
    ]


def _percent(code: int) -> str:
    return f"%(?:25){{0,3}}{_hex(code, 2)}"


def _hex(number: int, width: int) -> str:
    digits = f"{number:0{width}x}"
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
