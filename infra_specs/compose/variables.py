"""Variables of a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, and `$$` for a dollar."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = re.compile(r"[A-Za-z_]\w*")
_HOW = re.compile(r":?[-?+]")
WHOLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?[?][^{}]*)?\})")
"""A text that is one variable without a default, and nothing else."""


class Unset(Exception):
    """A variable that has no value and no default: its name, and what the file says of that."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(name)
        self.message = message


def filled(value: Any, variables: Mapping[str, str]) -> Any:
    """The value with every variable in it filled in. Raises Unset for the first that has none."""
    if isinstance(value, str):
        return "".join(_pieces(value, variables))
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    if isinstance(value, dict):
        return {key: filled(item, variables) for key, item in value.items()}
    return value


def _pieces(text: str, variables: Mapping[str, str]) -> Iterator[str]:
    """The text in pieces, each filled in. A default may hold variables itself."""
    start = 0
    while (dollar := text.find("$", start)) >= 0:
        yield text[start:dollar]
        start = dollar + 1
        if text.startswith("$", start):
            yield "$"
            start += 1
        elif match := _NAME.match(text, start):
            yield _value(match[0], "", "", variables)
            start = match.end()
        elif braced := _braced(text, start):
            name, how, end = braced
            yield _value(name, how, text[start + 1 + len(name) + len(how) : end], variables)
            start = end + 1
        else:
            yield "$"
    yield text[start:]


def _braced(text: str, start: int) -> tuple[str, str, int] | None:
    """The name, the operator, and where the closing brace is; None where no `{NAME...}` begins."""
    name = _NAME.match(text, start + 1) if text.startswith("{", start) else None
    if name is None:
        return None
    how = _HOW.match(text, name.end())
    depth = 0
    for index in range(how.end() if how else name.end(), len(text)):
        if text.startswith("${", index):
            depth += 1
        elif text[index] == "}" and depth == 0:
            return (name[0], how[0] if how else "", index) if how or index == name.end() else None
        elif text[index] == "}":
            depth -= 1
    return None


def _value(name: str, how: str, rest: str, variables: Mapping[str, str]) -> str:
    value = variables.get(name)
    is_there = bool(value) if how.startswith(":") else value is not None
    if how.endswith("+"):
        return str(filled(rest, variables)) if is_there else ""
    if is_there:
        return value or ""
    if how.endswith("-"):
        return str(filled(rest, variables))
    raise Unset(name, rest)


def whole_variable(text: Any) -> str:
    """The name of the variable that a text is, and nothing else; empty for any other value."""
    match = WHOLE.fullmatch(text) if isinstance(text, str) else None
    return (match[1] or match[2]) if match else ""


_ENV_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\n]*))""",
    re.M | re.S,
)


def env_file(text: str) -> dict[str, str]:
    """The variables of an env file: `NAME=value` lines, with comments, `export` and quotes, which may hold lines."""
    variables = {}
    for match in _ENV_LINE.finditer(text.replace("\r\n", "\n")):
        name, double, single, plain = match.groups()
        quoted = double if double is not None else single
        variables[name] = re.sub(r"(^|\s+)#.*$", "", plain).strip() if quoted is None else quoted
    return variables
