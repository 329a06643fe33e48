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
    PART_LABEL,
    RECORD_LABEL,
    REVISION_LABEL,
    Labels,
    data_of,
    key_of,
    name_of,
)
from tasks.providers.labels import readable

Key = tuple[str, int]
"""Address and incarnation."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """The newest note of one instance, and the names of all its notes."""

    labels: Labels
    revision: int
    names: tuple[str, ...]

    @property
    def record(self) -> dict[str, Any]:
        """A route's record: its labels as data, its settings, what drains, and since when it is so."""
        data = data_of(self.labels)
        with readable(data):
            record: dict[str, Any] = json.loads(self.labels[RECORD_LABEL])
            return record | {"labels": data}


def annotations_among(volumes: Iterable[Mapping[str, Any]]) -> dict[Key, Annotation]:
    """The notes among a stack's volumes."""
    annotations: dict[Key, Annotation] = {}
    for volume in volumes:
        labels = volume["Labels"] or {}
        if labels.get(PART_LABEL) != "note":
            continue
        key = key_of(labels)
        with readable({"address": key[0]}):
            revision = int(labels[REVISION_LABEL])
        previous = annotations.get(key)
        names = (*(previous.names if previous else ()), volume["Name"])
        if previous and previous.revision > revision:
            annotations[key] = Annotation(previous.labels, previous.revision, names)
        else:
            annotations[key] = Annotation(labels, revision, names)
    return annotations


def read_annotations(api: Engine, stack: str) -> dict[Key, Annotation]:
    """The stack's notes."""
    return annotations_among(api.volumes_of(stack))


def put_annotation(
    api: Engine, stack: str, labels: Labels, previous: Annotation | None, record: Mapping[str, Any] | None = None
) -> Annotation:
    """Write a note and remove the ones before it."""
    address, incarnation = key_of(labels)
    revision = previous.revision + 1 if previous else 1
    annotation_labels = {PART_LABEL: "note", REVISION_LABEL: str(revision)}
    if record is not None:
        annotation_labels[RECORD_LABEL] = json.dumps(
            {name: value for name, value in record.items() if name != "labels"}
        )
    name, all_labels = name_of(stack, address, incarnation, f"note{revision}"), {**labels, **annotation_labels}
    api.create_volume(name, labels=all_labels)
    if previous:
        remove_annotation(api, previous)
    return Annotation(all_labels, revision, (name,))


def remove_annotation_of(api: Engine, stack: str, key: Key) -> None:
    """Remove all that is noted of one instance, if anything is."""
    if annotation := read_annotations(api, stack).get(key):
        remove_annotation(api, annotation)


def remove_annotation(api: Engine, annotation: Annotation) -> None:
    """Remove it with all that came before it; gone already is as good."""
    for name in annotation.names:
        try:
            api.remove_volume(name)
        except NotFound:
            continue
