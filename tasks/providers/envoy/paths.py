"""How the proxy tells which route a path belongs to, and which paths it refuses, while the path itself stays as sent.

The patterns are RE2's and match a whole path without its query. A path is read as most servers of apps read it: decoded
once, repeated slashes as one, `%2F`, backslash and `%5C` as slashes.
"""

import re

from infra_specs.stackfile.models.route import segments
from tasks.providers.envoy.messages import Json

_SLASH = r"(?:[/\\]|%2[fF]|%5[cC])"
DOT_SEGMENT = rf".*{_SLASH}(?:\.|%2[eE]){{1,2}}(?:(?:;|%3[bB]|{_SLASH}).*)?"
"""A segment that some server reads as `.` or `..` leaves its route: `/api/../admin`, `/api%2f..;/admin`."""
_MOST_INSTRUCTIONS = 100
"""RE2 makes a program of a pattern. A proxy refuses a larger one, and with it every route."""
_INSTRUCTIONS_OF_ENDS, _INSTRUCTIONS_OF_SLASHES = 16, 9
"""Of the ends of a pattern, and of the slashes before a segment: measured, and rounded up."""
_INSTRUCTIONS_OF_CHARACTER, _INSTRUCTIONS_OF_ESCAPE = 1, 3


def match(path: str) -> Json:
    """The condition of a route for this path and all below it: `/api` and `/api/x`, and not `/apix`.

    It matches every spelling, `/%61pi` too. Beyond about 20 characters only slashes are matched however they are
    spelled, and beyond about 70 the path must be as the route has it.
    """
    if not segments(path):
        return {"prefix": "/"}
    if beginning := _pattern(path):
        return {"safe_regex": {"regex": f"{beginning}(?:{_SLASH}.*)?"}}
    return {"path_separated_prefix": re.sub("/+", "/", path).rstrip("/")}


def rest(path: str) -> Json:
    """How a route for this path has a server asked for the rest alone: `/b.png` of `/media/b.png`, and `/` of none."""
    if not segments(path):
        return {}
    if beginning := _pattern(path):
        return {"regex_rewrite": {"pattern": {"regex": f"^{beginning}{_SLASH}*"}, "substitution": "/"}}
    return {"prefix_rewrite": "/"}


def _pattern(path: str) -> str:
    """The pattern of this path alone, with as many spellings as there is room for; nothing where there is for none."""
    parts = segments(path)
    for spelled in (_spelled_anyhow, _spelled_plainly):
        characters = [[spelled(byte) for byte in part] for part in parts]
        size = _INSTRUCTIONS_OF_ENDS + sum(
            _INSTRUCTIONS_OF_SLASHES + sum(instructions for _, instructions in part) for part in characters
        )
        if size <= _MOST_INSTRUCTIONS:
            texts = ("".join(pattern for pattern, _ in part) for part in characters)
            return "".join(f"{_SLASH}+{text}" for text in texts)
    return ""


def _spelled_plainly(byte: int) -> tuple[str, int]:
    """The pattern of a character as clients write it, and its instructions."""
    if 0x20 < byte < 0x7F:
        return re.escape(chr(byte)), _INSTRUCTIONS_OF_CHARACTER
    return _escaped(byte), _INSTRUCTIONS_OF_ESCAPE


def _spelled_anyhow(byte: int) -> tuple[str, int]:
    """The pattern of a character as such or escaped, and its instructions."""
    pattern, instructions = _spelled_plainly(byte)
    if pattern == _escaped(byte):
        return pattern, instructions
    return f"(?:{pattern}|{_escaped(byte)})", instructions + _INSTRUCTIONS_OF_ESCAPE


def _escaped(byte: int) -> str:
    """`%2F` and `%2f`, as a pattern."""
    return "%" + "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{byte:02x}")
