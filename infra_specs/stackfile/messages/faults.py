"""Faults in a spec: where, what was found, what is allowed; and all of them as one message."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from infra_specs.errors import SpecError
from infra_specs.stackfile.messages.location import Path

_MOST_FAULTS = 50
_LONGEST_VALUE = 40
_SIMPLE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that a person has to mend. `line` and `column` count from 1; None where there is no file."""

    path: Path
    text: str
    line: int | None = None
    column: int | None = None
    source: str = ""
    """The file that it is in, where that is another than the one of the rest."""

    def said(self, source: str) -> str:
        """`stack.yaml:7: services.web.prot: unknown key.`"""
        where = [self.source or source]
        if self.line is not None:
            where.append(str(self.line))
        if self.column is not None:
            where.append(str(self.column))
        return ": ".join([":".join(where), *([path_text(self.path)] if self.path else []), self.text])


class Unreadable(Exception):
    """A fault that ends the reading, on its way to `refusal`: there is nothing more to find."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


def refusal(faults: Iterable[Fault], source: str) -> SpecError:
    """All faults in one message, each on its line, by line; the first 50, and how many more."""
    ordered = sorted(dict.fromkeys(faults), key=lambda fault: (fault.source, fault.line or 0, fault.column or 0))
    lines = [fault.said(source) for fault in ordered[:_MOST_FAULTS]]
    if len(ordered) > _MOST_FAULTS:
        lines.append(f"and {len(ordered) - _MOST_FAULTS} more.")
    return SpecError("\n".join(lines))


def path_text(path: Path) -> str:
    """`services.web.command[0]`; a key that is not plain is quoted, and shortened."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (
                step
                if _SIMPLE_KEY.fullmatch(step) and len(step) <= _LONGEST_VALUE
                else json.dumps(shortened(step), ensure_ascii=False)
            )
    return text


def found(value: Any) -> str:
    """A value as it is shown to the person who wrote it: never long, for it may be a secret in a wrong place."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"`{shortened(value)}`" if value else "an empty text"
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else shortened(f"{value!r}")


def shortened(text: str) -> str:
    """At most 40 characters, on one line."""
    cut = text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
    return "".join(letter if letter.isprintable() else "·" for letter in cut)


def nearest(wrong: Any, allowed: Iterable[str]) -> str:
    """` Did you mean `port`?`, or nothing when nothing is near."""
    near = get_close_matches(str(wrong)[:100].lower(), list(allowed), 1, 0.6)
    return f" Did you mean `{near[0]}`?" if near else ""


def either(words: Iterable[Any]) -> str:
    """`a, b or c`."""
    *most, last = [str(word) for word in words]
    return f"{', '.join(most)} or {last}" if most else last
