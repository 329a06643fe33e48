"""Faults of a stack file that was never written, in the words of the file that it was made of."""

import re
from collections.abc import Mapping

from infra_specs.errors import SpecError
from infra_specs.projects.draft import stack_name

_LINE = re.compile(r"\S+?:\d+(?::\d+)?: (.*)")
_SERVICE = re.compile(r"services\.([a-z][a-z0-9-]*)(?:\.([a-z_]+))?(.*)")
_KEYS: Mapping[str, str] = {
    "drain": "stop_grace_period", "start": "healthcheck.start_period", "health": "healthcheck.test", "port": "ports",
    "memory": "mem_limit", "env": "environment", "replicas": "deploy.replicas", "route": "labels", "before": "command",
}  # fmt: skip
"""Keys of a stack file by those of a Compose file."""


def in_words_of(file: str, names: Mapping[str, str], fault: SpecError) -> SpecError:
    """The fault with the file's own keys, and without lines. `names` are the file's services by those of the stack."""
    return SpecError("\n".join(f"{file}: {_line(line, names)}" for line in str(fault).splitlines()))


def _line(line: str, names: Mapping[str, str]) -> str:
    text = match[1] if (match := _LINE.fullmatch(line)) else line
    path = _SERVICE.match(text)
    if path is None:
        return text
    key = f".{_KEYS.get(path[2], path[2])}" if path[2] else ""
    return f"services.{names.get(path[1], path[1])}{key}{path[3]}"


def refuse_same_names(file: str, names: list[str]) -> None:
    """Raise SpecError for two services whose names are one in a stack file."""
    owners: dict[str, str] = {}
    for name in names:
        other = owners.setdefault(stack_name(name), name)
        if other != name:
            raise SpecError(
                f"{file}: services.{other} and services.{name} would both be called {stack_name(name)}. Call one of "
                "them otherwise."
            )
