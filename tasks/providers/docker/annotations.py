"""What can change of a thing whose labels cannot: notes, which are empty volumes that carry labels.

A route has nothing else in the engine. Of a volume or a container a note overrules the labels it was made with, and may
say why it was stopped. A note is never changed: a newer one is written beside it and the older ones go, so a crash
leaves one that holds.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import NotFound

from tasks.providers.docker.engine import Engine
from tasks.providers.docker.labels import (
    Labels,
    key_of,
    known_by,
    name_of,
    part_label,
    record_label,
    revision_label,
)
from tasks.providers.labels import readable

Key = tuple[str, int]
"""Address and incarnation."""


@dataclass(frozen=True, slots=True)
class Note:
    """The newest note of one instance, and the names of all its notes."""

    labels: Labels
    revision: int
    names: tuple[str, ...]

    @property
    def record(self) -> dict[str, Any]:
        """A route's record: its labels as data, its settings, what drains, and since when it is so."""
        known = known_by(self.labels)
        with readable(known):
            found: dict[str, Any] = json.loads(self.labels[record_label])
            return found | {"labels": known}


def notes_among(volumes: Iterable[Mapping[str, Any]]) -> dict[Key, Note]:
    """The notes among a stack's volumes."""
    found: dict[Key, Note] = {}
    for volume in volumes:
        labels = volume["Labels"] or {}
        if labels.get(part_label) != "note":
            continue
        key = key_of(labels)
        with readable({"address": key[0]}):
            revision = int(labels[revision_label])
        other = found.get(key)
        names = (*(other.names if other else ()), volume["Name"])
        if other and other.revision > revision:
            found[key] = Note(other.labels, other.revision, names)
        else:
            found[key] = Note(labels, revision, names)
    return found


def read_notes(api: Engine, stack: str) -> dict[Key, Note]:
    """The stack's notes."""
    return notes_among(api.volumes_of(stack))


def put_note(
    api: Engine, stack: str, labels: Labels, before: Note | None, record: Mapping[str, Any] | None = None
) -> Note:
    """Write a note and remove the ones before it."""
    address, incarnation = key_of(labels)
    revision = before.revision + 1 if before else 1
    own = {part_label: "note", revision_label: str(revision)}
    if record is not None:
        own[record_label] = json.dumps({name: value for name, value in record.items() if name != "labels"})
    name, written = name_of(stack, address, incarnation, f"note{revision}"), {**labels, **own}
    api.create_volume(name, labels=written)
    if before:
        remove_note(api, before)
    return Note(written, revision, (name,))


def forget(api: Engine, stack: str, key: Key) -> None:
    """Remove all that is noted of one instance, if anything is."""
    if note := read_notes(api, stack).get(key):
        remove_note(api, note)


def remove_note(api: Engine, note: Note) -> None:
    """Remove it with all that came before it; gone already is as good."""
    for name in note.names:
        try:
            api.remove_volume(name)
        except NotFound:
            continue
