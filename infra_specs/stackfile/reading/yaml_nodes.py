"""YAML text as a tree of nodes with their lines, bounded before anything is expanded.

Composed from the parser's events and not by PyYAML's composer, whose C form follows nesting without a bound.
"""

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from infra_specs.stackfile.messages.faults import Fault, Unreadable, shortened

MAX_TEXT = 1_000_000
"""Characters, before and after aliases are expanded."""
MAX_NODES = 100_000
"""Keys and values, after aliases are expanded."""
MAX_DEPTH = 50

FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is not in every build of PyYAML
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IN_PLAIN_WORDS = (
    (
        "mapping values are not allowed",
        "a `:` where no key can be; quote a text that holds `: `, or mend the indentation",
    ),
    ("cannot start any token", "a character that no plain text may begin with; quote the text"),
    ("found unexpected end of stream", "a quote or bracket that is never closed"),
    ("could not find expected ':'", "a key without its `:`; or a text that goes on at the wrong indentation"),
    ("did not find expected key", "a key was expected here; look at the indentation and the quotes"),
    ("did not find expected '-' indicator", "a `-` was expected here; look at the indentation"),
    ("did not find expected ',' or ']'", "a `,` or `]` was expected here"),
    ("did not find expected ',' or '}'", "a `,` or `}` was expected here"),
    ("found unknown escape character", "an unknown escape in a text in double quotes; write \\\\ for a backslash"),
    ("block sequence entries are not allowed", "a `-` where no list can begin; put the list on lines of its own"),
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value, unread: `tag` is what YAML takes it for, `plain` that it was written without quotes."""

    line: int
    tag: str
    text: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    tag: str
    nodes: list["Node"]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A mapping, duplicate keys included."""

    line: int
    tag: str
    nodes: list[tuple["Node", "Node"]]


Node: TypeAlias = Scalar | Items | Pairs


def compose(text: str) -> Node:
    """The one document of a text. An alias is the very node of its anchor. Raises Unreadable."""
    if len(text) > MAX_TEXT:
        raise Unreadable(Fault((), f"longer than {MAX_TEXT} characters, which no spec needs."))
    bad = _UNPRINTABLE.search(text.removeprefix("\ufeff"))
    if bad:
        before = text.removeprefix("\ufeff")[: bad.start()]
        column = len(before) - (before.rfind("\n") + 1) + 1
        what = f"the character U+{ord(bad[0]):04X}, which no text file holds. Save the file as plain UTF-8 text."
        raise Unreadable(Fault((), f"found {what}", before.count("\n") + 1, column))
    try:
        return _Composer(text).document()
    except yaml.MarkedYAMLError as broken:
        raise Unreadable(_syntax(broken, text)) from None
    except yaml.YAMLError as broken:
        raise Unreadable(Fault((), f"not YAML: {shortened(str(broken))}.")) from None


def _syntax(broken: yaml.MarkedYAMLError, text: str) -> Fault:
    mark = broken.problem_mark or broken.context_mark
    if mark is None:
        return Fault((), f"not YAML: {broken.problem}.")
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    problem = broken.problem or "it cannot be read"
    said = next((words for theirs, words in _IN_PLAIN_WORDS if theirs in problem), problem)
    if line[mark.column : mark.column + 1] == "\t" or line[: len(line) - len(line.lstrip())].count("\t"):
        said = "a tab; YAML is indented with spaces"
    return Fault((), f"not YAML: {said}.", mark.line + 1, mark.column + 1)


class _Composer:
    def __init__(self, text: str) -> None:
        self._loader = FAST_LOADER(text)
        self._anchors: dict[str, Node | None] = {}
        self._count = 0

    def document(self) -> Node:
        self._next()  # the stream begins
        start = self._next()
        if isinstance(start, StreamEndEvent):
            raise Unreadable(Fault((), "the file is empty. A stack begins with `name`, `target` and `services`."))
        root = self._node(self._next(), 0)
        self._next()  # the document ends
        rest = self._next()
        if not isinstance(rest, StreamEndEvent):
            raise _refused(rest, "a second document begins here. A file holds one stack; give the other its own file.")
        return root

    def _next(self) -> Event:
        event: Event = self._loader.get_event()
        return event

    def _node(self, event: Event, depth: int) -> Node:
        self._count += 1
        if self._count > MAX_NODES:
            raise _refused(event, f"more than {MAX_NODES} keys and values, which no spec needs.")
        if depth > MAX_DEPTH:
            raise _refused(event, f"nested more than {MAX_DEPTH} deep, which no spec needs.")
        if isinstance(event, AliasEvent):
            return self._alias(event)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = None
        node = self._made(event, depth)
        if anchor is not None:
            self._anchors[anchor] = node
        return node

    def _alias(self, event: AliasEvent) -> Node:
        name = shortened(str(event.anchor))
        if event.anchor not in self._anchors:
            raise _refused(event, f"the alias *{name} stands for nothing: no &{name} comes before it.")
        node = self._anchors[event.anchor]
        if node is None:
            raise _refused(event, f"the alias *{name} stands inside its own &{name}, which has no end.")
        return node

    def _made(self, event: Event, depth: int) -> Node:
        line = _line(event)
        tag = getattr(event, "tag", None)
        given = None if tag in (None, "!") else str(tag)
        if isinstance(event, ScalarEvent):
            read_as = given or self._loader.resolve(yaml.ScalarNode, event.value, event.implicit)
            return Scalar(line, str(read_as), event.value, event.implicit[0])
        if isinstance(event, SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(entry := self._next(), SequenceEndEvent):
                items.append(self._node(entry, depth + 1))
            return Items(line, given or "tag:yaml.org,2002:seq", items)
        assert isinstance(event, MappingStartEvent)
        pairs: list[tuple[Node, Node]] = []
        while not isinstance(entry := self._next(), MappingEndEvent):
            key = self._node(entry, depth + 1)
            pairs.append((key, self._node(self._next(), depth + 1)))
        return Pairs(line, given or "tag:yaml.org,2002:map", pairs)


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark is not None else 1


def _refused(event: Event, text: str) -> Unreadable:
    return Unreadable(Fault((), text, _line(event)))
