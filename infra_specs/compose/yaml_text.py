"""The YAML of a Compose file as data, bounded before anything is expanded, with scalars as Compose reads them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import AliasEvent, CollectionStartEvent, Event, MappingStartEvent, NodeEvent, ScalarEvent

from infra_specs.errors import SpecError
from infra_specs.stackfile.reading.yaml_nodes import FAST_LOADER, MAX_DEPTH, MAX_NODES, MAX_TEXT

_SCALARS = (
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    ("tag:yaml.org,2002:float", r"[-+]?(?:0|[1-9][0-9]*)?\.[0-9]+(?:[eE][-+]?[0-9]+)?", "-+0123456789."),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:merge", r"<<", "<"),
)
"""YAML 1.2: `22:22`, `yes`, `0755` and `12:30:45` are texts."""


class _Loader(FAST_LOADER):  # type: ignore[misc]
    """The fast loader with those scalars, and the tags by which Compose merges files."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


for _tag, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_tag, re.compile(rf"(?:{_pattern})\Z"), list(_first))


def _override(loader: Any, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value


_Loader.add_constructor("!reset", lambda *_: None)
_Loader.add_constructor("!override", _override)


@dataclass(slots=True)
class _Open:
    """A mapping or a list whose end is not reached: its anchor, its nodes so far, and the keys of a mapping."""

    anchor: str | None
    is_mapping: bool
    nodes: int = 1
    keys: set[str] = field(default_factory=set)
    expects_key: bool = True


def yaml_data(text: str, file: str) -> Any:
    """The data. Raises SpecError for no YAML, for more than is read, and for a key that is written twice."""
    if len(text) > MAX_TEXT:
        raise SpecError(f"{file} has {len(text) / 1e6:.1f} MB of text; at most {MAX_TEXT // 10**6} MB is read.")
    try:
        _refuse_unbounded(file, yaml.parse(text, Loader=FAST_LOADER))
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise _no_yaml(file, text, error) from None
    except ValueError as error:
        raise SpecError(f"{file} has a value that is none: {error}.") from None


def _no_yaml(file: str, text: str, error: yaml.YAMLError) -> SpecError:
    """What is wrong, in the words of the slow loader, which are plainer."""
    try:
        for _ in yaml.parse(text, Loader=yaml.SafeLoader):
            pass
    except yaml.YAMLError as plainer:
        error = plainer
    line = f", line {mark.line + 1}" if (mark := getattr(error, "problem_mark", None)) else ""
    return SpecError(f"{file}{line} is no YAML: {getattr(error, 'problem', None) or error}.")


def _refuse_unbounded(file: str, events: Iterator[Event]) -> None:
    """Count what aliases expand to, without expanding them."""
    frames, sizes, total = [_Open(None, is_mapping=False)], dict[str, int](), 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, CollectionStartEvent):
            frames.append(_Open(event.anchor, isinstance(event, MappingStartEvent)))
        elif isinstance(event, NodeEvent):
            size = _size(file, line, event, frames, sizes)
            _add(file, line, frames[-1], event, size)
            total += size
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = frames.pop()
            if ended.anchor:
                sizes[ended.anchor] = ended.nodes
            _add(file, line, frames[-1], event, ended.nodes)
        if len(frames) > MAX_DEPTH:
            raise SpecError(f"{file}, line {line}: lists and mappings are {MAX_DEPTH} deep, and no deeper is read.")
        if max(total, frames[0].nodes, frames[-1].nodes) > MAX_NODES:
            raise SpecError(
                f"{file}, line {line}: it has more than {MAX_NODES:,} keys and values once its aliases are filled in, "
                "and no more is read."
            )


def _size(file: str, line: int, event: NodeEvent, frames: list[_Open], sizes: dict[str, int]) -> int:
    if isinstance(event, AliasEvent):
        if any(frame.anchor == event.anchor for frame in frames):
            raise SpecError(f"{file}, line {line}: the alias *{event.anchor} is inside of what it stands for.")
        return sizes.get(event.anchor or "", 1)
    if event.anchor:
        sizes[event.anchor] = 1
    return 1


def _add(file: str, line: int, frame: _Open, event: Event, size: int) -> None:
    """Count a whole node in the mapping or list that it is in."""
    frame.nodes += size
    if not frame.is_mapping:
        return
    if frame.expects_key and isinstance(event, ScalarEvent) and event.value != "<<":
        if event.value in frame.keys:
            raise SpecError(f"{file}, line {line}: `{event.value}` is written twice. Leave one of them out.")
        frame.keys.add(event.value)
    frame.expects_key = not frame.expects_key
