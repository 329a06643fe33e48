"""Mutable metadata for objects with immutable labels, stored as empty labelled volumes.

A route is nothing but its annotation. The annotation of a volume or a container overrides the labels that it was
created with, and may record why it was stopped. An annotation is never changed: a newer revision is written, then the
older ones are removed. After a crash the newest revision holds.
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
    """The newest revision of an instance's annotation, and the volume names of all revisions."""

    labels: Labels
    revision: int
    names: tuple[str, ...]

    @property
    def record(self) -> dict[str, Any]:
        """A route's record: its labels as data, its settings, its draining endpoints, and since when."""
        data = data_of(self.labels)
        with readable(data):
            record: dict[str, Any] = json.loads(self.labels[RECORD_LABEL])
            return record | {"labels": data}


def annotations_among(volumes: Iterable[Mapping[str, Any]]) -> dict[Key, Annotation]:
    """The annotations among a stack's volumes."""
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
    """The stack's annotations, read from the engine."""
    return annotations_among(api.volumes_of(stack))


def put_annotation(
    api: Engine, stack: str, labels: Labels, previous: Annotation | None, record: Mapping[str, Any] | None = None
) -> Annotation:
    """Write a new revision and remove the previous ones."""
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
    """Remove the annotation of one instance, if it has one."""
    if annotation := read_annotations(api, stack).get(key):
        remove_annotation(api, annotation)


def remove_annotation(api: Engine, annotation: Annotation) -> None:
    """Remove all its revisions; a missing one is no error."""
    for name in annotation.names:
        try:
            api.remove_volume(name)
        except NotFound:
            continue
