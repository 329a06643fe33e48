"""An environment of a stack: the file with some keys of it replaced, under a name of its own.

One rule merges the two: mappings by key, everything else replaced, and null removes.
"""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from infra_specs.errors import SpecError
from infra_specs.stackfile.messages.document import Document
from infra_specs.stackfile.messages.faults import Fault, found
from infra_specs.stackfile.messages.location import Path

KEY = "environments"


@dataclass(frozen=True, slots=True)
class Environment:
    """Which environment is meant, and the file beside the stack's that describes it, if there is one."""

    name: str
    file: str = ""
    """As `stack.staging.yaml`; empty if there is none."""
    text: str = ""


def own_environments(document: Document) -> dict[str, Any]:
    """Take `environments` out of a document, and return it. What is none is a fault of the document."""
    if not isinstance(document.data, dict) or KEY not in document.data:
        return {}
    given = document.data.pop(KEY)
    if not isinstance(given, dict):
        document.refuse((KEY,), f"found {found(given)}, must be a mapping of names.", document.value_lines.get((KEY,)))
        return {}
    for name, keys in given.items():
        if not isinstance(keys, dict):
            path = (KEY, name)
            text = f"found {found(keys)}, must be a mapping of the keys that differ."
            document.refuse(path, text, document.value_lines.get(path))
    return {name: keys for name, keys in given.items() if isinstance(keys, dict)}


def in_environment(
    base: Document, own: dict[str, Any], environment: Environment, beside: Document | None, file: str
) -> Document:
    """The document of the stack in an environment, which is in `own` or in the document `beside`.

    Raises SpecError if it is in neither, or in both.
    """
    name = environment.name
    if name in own and beside is not None:
        raise SpecError(
            f"The environment {name} is in {file} under `{KEY}`, and in {environment.file}. Keep one of the two."
        )
    if beside is not None:
        overlay = replace(beside, faults=[replace(fault, source=environment.file) for fault in beside.faults])
    elif name in own:
        overlay = _below(base, own[name], (KEY, name))
    else:
        known = f" It has: {', '.join(own)}." if own else ""
        path = PurePosixPath(file)
        raise SpecError(
            f"{file} has no environment {name}.{known} Describe it under `{KEY}`, or in a file beside it that is "
            f"called {path.stem}.{name}{path.suffix}."
        )
    return _named(_merged(base, overlay, environment.file if beside is not None else ""), name)


def _below(document: Document, data: Any, prefix: Path) -> Document:
    """A part of a document as one of its own, with the lines that it was written on."""

    def shifted(lines: dict[Path, Any]) -> dict[Path, Any]:
        start = len(prefix)
        return {path[start:]: line for path, line in lines.items() if path[:start] == prefix}

    return Document(
        data,
        key_lines=shifted(document.key_lines),
        value_lines=shifted(document.value_lines),
        written=shifted(document.written),
    )


def _merged(base: Document, overlay: Document, source: str) -> Document:
    if not isinstance(overlay.data, dict):
        text = f"found {found(overlay.data)}, must be a mapping of the keys that differ."
        overlay.faults.append(Fault((), text, overlay.value_lines.get(()), source=source))
        overlay.data = {}
    from_overlay = {path for path in (*overlay.key_lines, *overlay.value_lines) if path}
    return Document(
        merge(base.data, overlay.data),
        [*base.faults, *overlay.faults],
        base.broken | overlay.broken,
        base.around_broken | overlay.around_broken,
        base.key_lines | overlay.key_lines,
        base.value_lines | overlay.value_lines,
        base.written | overlay.written,
        base.sources | dict.fromkeys(from_overlay, source) if source else base.sources,
    )


def merge(base: Any, overlay: Any) -> Any:
    """The one rule: mappings by key, everything else replaced, null removes."""
    if not (isinstance(base, dict) and isinstance(overlay, dict)):
        return overlay
    merged = {key: value for key, value in base.items() if key not in overlay or overlay[key] is not None}
    for key, value in overlay.items():
        if value is not None:
            below = base.get(key)
            merged[key] = merge(below if isinstance(below, dict) else {}, value)
    return merged


def _named(document: Document, name: str) -> Document:
    """The document with the name of its environment behind its own."""
    if isinstance(document.data, dict) and isinstance(document.data.get("name"), str):
        document.data = {**document.data, "name": f"{document.data['name']}-{name}"}
    return document
