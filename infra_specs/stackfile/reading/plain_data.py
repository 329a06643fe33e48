"""A document as plain data: texts, numbers, true and false, lists, mappings; and on which line each was written.

What YAML 1.1 reads otherwise than people mean it (`010` is 8, `1:30` is 90, `no` is false) is a fault here or is
remembered, so that the fault that follows can name the cause.
"""

import re
from collections.abc import Callable
from typing import Any

from infra_specs.stackfile.messages.document import Document
from infra_specs.stackfile.messages.faults import Fault, Unreadable, shortened
from infra_specs.stackfile.messages.location import Path
from infra_specs.stackfile.reading.yaml_nodes import MAX_DEPTH, MAX_NODES, MAX_TEXT, Items, Node, Pairs, Scalar

_YAML = "tag:yaml.org,2002:"
_TEXTS = {"str", "timestamp", "value"}
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_POINT = re.compile(r"[-+]?(?=\.?[0-9])[0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?")
_NO_LETTER = re.compile("[\0\ud800-\udfff]")
LONGEST_NUMBER = 18
"""Digits."""
TOO_LONG = f"a number of too many digits: at most {LONGEST_NUMBER} are allowed."


def from_nodes(root: Node, as_written: Callable[[Path], bool]) -> Document:
    """The document of a YAML tree. `as_written` says of which paths a number is kept as the text that stands there."""
    walk = _Nodes(as_written)
    walk.document.data = walk.value(root, ())
    return walk.document


class Walk:
    """A walk over whatever data, one key or value at a time, which ends at the bounds."""

    def __init__(self) -> None:
        self.document = Document()
        self._count = 0
        self._characters = 0

    def enter(self, path: Path, line: int | None) -> None:
        """Count one more key or value, and refuse what only grows."""
        self._count += 1
        if self._count > MAX_NODES:
            cause = " once its aliases are expanded" if line is not None else ""
            raise Unreadable(Fault((), f"more than {MAX_NODES} keys and values{cause}, which no spec needs.", line))
        if len(path) > MAX_DEPTH:
            raise Unreadable(Fault((), f"nested more than {MAX_DEPTH} deep, which no spec needs.", line))

    def text(self, text: str, path: Path, line: int | None = None) -> str | None:
        """A text that can be stored, and given to a program."""
        self._characters += len(text)
        if self._characters > MAX_TEXT:
            cause = " once its aliases are expanded" if line is not None else ""
            raise Unreadable(Fault((), f"longer than {MAX_TEXT} characters{cause}, which no spec needs.", line))
        if _NO_LETTER.search(text):
            self.document.refuse(path, "holds a character that no text may hold (NUL, or half of a pair).", line)
            return None
        return text


class _Nodes(Walk):
    def __init__(self, as_written: Callable[[Path], bool]) -> None:
        super().__init__()
        self._as_written = as_written

    def value(self, node: Node, path: Path) -> Any:
        self.enter(path, node.line)
        self.document.value_lines[path] = node.line
        if isinstance(node, Scalar):
            return self._scalar(node, path)
        if node.tag != _YAML + ("seq" if isinstance(node, Items) else "map"):
            return self._tag(node, path)
        if isinstance(node, Items):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.nodes)]
        return self._mapping(node, path)

    def _mapping(self, node: Pairs, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.nodes:
            key = self._key(key_node, path)
            if key is None:
                continue
            location = (*path, key)
            if key in mapping:
                first = self.document.key_lines[location]
                text = f"written twice, first on line {first}. Keep one."
                self.document.faults.append(Fault(location, text, key_node.line))
                continue
            self.document.key_lines[location] = key_node.line
            mapping[key] = self.value(value_node, location)
        return mapping

    def _key(self, node: Node, path: Path) -> str | None:
        self.enter(path, node.line)
        fault = None
        if not isinstance(node, Scalar):
            fault = f"found {'a list' if isinstance(node, Items) else 'a mapping'} as a key; a key is a text."
        elif node.tag == _YAML + "merge":
            fault = (
                "`<<` (merge) is not part of this language. Write the keys out, or repeat a whole value with an alias."
            )
        elif node.tag == _YAML + "null":
            fault = "found a key with no text before its `:`."
        elif node.tag != _YAML + "str" and node.tag.removeprefix(_YAML) not in ("timestamp", "value"):
            shown = shortened(node.text)
            fault = f'found the key `{shown}`, which YAML reads as {_kind(node)}. Quote it: "{shown}".'
        if fault is None and isinstance(node, Scalar):
            return self.text(node.text, path, node.line)
        self.document.faults.append(Fault(path, fault or "", node.line))
        return None

    def _scalar(self, node: Scalar, path: Path) -> Any:
        kind = node.tag.removeprefix(_YAML)
        if kind in _TEXTS and (node.plain or kind == "str"):
            return self.text(node.text, path, node.line)
        if kind == "null":
            return None
        if kind == "bool" and node.text.lower() in _TRUTHS:
            self.document.written[path] = node.text
            return _TRUTHS[node.text.lower()]
        if kind == "merge" and node.plain:
            return node.text
        if kind in ("int", "float"):
            return node.text if self._as_written(path) else self._number(node, kind, path)
        return self._tag(node, path)

    def _number(self, node: Scalar, kind: str, path: Path) -> int | float | None:
        plain = node.text.replace("_", "")
        if len(plain) > LONGEST_NUMBER:
            self.document.refuse(path, f"found {shortened(node.text)}, {TOO_LONG}", node.line)
        elif kind == "int" and _DECIMAL.fullmatch(node.text):
            return int(plain)
        elif kind == "float" and _POINT.fullmatch(node.text):
            return float(plain) + 0.0  # -0 is 0
        elif "n" in plain.lower():
            self.document.refuse(path, f"found {node.text}, must be a finite number.", node.line)
        else:
            text = f"found `{shortened(node.text)}`, which YAML reads as {_base(node.text)}. "
            text += f'Write a plain decimal number, or quote it where a text is meant: "{shortened(node.text)}".'
            self.document.refuse(path, text, node.line)
        return None

    def _tag(self, node: Node, path: Path) -> None:
        name = shortened(node.tag.replace(_YAML, "!!"))
        self.document.refuse(path, f"the tag {name} is not part of this language. Write the value plainly.", node.line)


_TRUTHS = {"yes": True, "no": False, "on": True, "off": False, "true": True, "false": False}


def _kind(node: Scalar) -> str:
    if node.tag == _YAML + "bool":
        return "true" if _TRUTHS.get(node.text.lower()) else "false"
    return "a number" if node.tag in (_YAML + "int", _YAML + "float") else f"a {shortened(node.tag)}"


def _base(text: str) -> str:
    if ":" in text:
        return "a number to the base of 60"
    digits = text.lstrip("+-").lower()
    if digits.startswith(("0x", "0b")):
        return "a number to the base of 16" if digits[1] == "x" else "a number to the base of 2"
    return "a number to the base of 8"
