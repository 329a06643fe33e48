"""Variables of a Compose file: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, and `$$` for a dollar."""

import re
from collections.abc import Mapping
from typing import Any

_VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*)(?:(?P<how>:?[-?+])(?P<rest>[^{}]*))?\})"
)
WHOLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?[?][^{}]*)?\})")
"""A text that is one variable without a default, and nothing else."""


class Unset(Exception):
    """A variable that has no value and no default. Its only argument is its name."""


def filled(value: Any, variables: Mapping[str, str]) -> Any:
    """The value with every variable in it filled in. Raises Unset for the first that has none."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _one(match, variables), value)
    if isinstance(value, list):
        return [filled(item, variables) for item in value]
    if isinstance(value, dict):
        return {key: filled(item, variables) for key, item in value.items()}
    return value


def _one(match: re.Match[str], variables: Mapping[str, str]) -> str:
    if match["dollar"]:
        return "$"
    name, how, rest = match["plain"] or match["name"], match["how"] or "", match["rest"] or ""
    value = variables.get(name)
    is_there = bool(value) if how.startswith(":") else value is not None
    if how.endswith("+"):
        return rest if is_there else ""
    if is_there:
        return value or ""
    if how.endswith("-"):
        return rest
    raise Unset(name)


def whole_variable(text: Any) -> str:
    """The name of the variable that a text is, and nothing else; empty for any other value."""
    match = WHOLE.fullmatch(text) if isinstance(text, str) else None
    return (match[1] or match[2]) if match else ""


def env_file(text: str) -> dict[str, str]:
    """The variables of an env file: `NAME=value` lines, with comments, `export` and quotes."""
    variables = {}
    for line in text.splitlines():
        match = re.match(r"\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*$", line)
        if match is None:
            continue
        quoted = re.match(r"""(["'])(.*?)\1""", match[2])
        value = quoted[2] if quoted else re.sub(r"\s+#.*$", "", match[2])
        variables[match[1]] = value
    return variables
