"""Mutable metadata for objects with immutable labels, stored as empty labelled volumes.

A route is nothing but its annotation. The annotation of a volume or a container overrides the labels that it was
created with, and may record why it was stopped.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.providers.docker.labels import RECORD_LABEL, Labels, data_of, is_of_route, key_of
from tasks.providers.docker.store import Key, entry_name, texts_among
from tasks.providers.labels import readable
from tasks.providers.store import Store


@dataclass(frozen=True, slots=True)
class Annotation:
    """The newest annotation of one instance."""

    labels: Labels

    @property
    def record(self) -> dict[str, Any]:
        """A route's record: its labels as data, its settings, its draining endpoints, and since when."""
        data = data_of(self.labels)
        with readable(data):
            record: dict[str, Any] = json.loads(self.labels[RECORD_LABEL])
            return record | {"labels": data}


class Annotations:
    """The annotations of every stack of one target."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, stack: str, key: Key) -> Annotation | None:
        """The annotation of one instance, if it has one."""
        text = self._store.read(stack, entry_name(key))
        return None if text is None else Annotation(json.loads(text))

    def put(self, stack: str, labels: Labels, record: Mapping[str, Any] | None = None) -> None:
        """Replace the annotation of the instance that the labels are of; a route has a record besides."""
        text = labels if record is None else labels | {RECORD_LABEL: _text_of(record)}
        self._store.write(stack, entry_name(key_of(labels)), json.dumps(text, sort_keys=True))

    def remove(self, stack: str, key: Key) -> None:
        """Remove it. Gone already: success."""
        self._store.remove(stack, entry_name(key))


def annotations_among(volumes: Iterable[Mapping[str, Any]]) -> dict[Key, Annotation]:
    """The annotations among a stack's volumes."""
    return annotations_in(texts_among(volumes).values())


def annotations_in(texts: Iterable[str]) -> dict[Key, Annotation]:
    """The annotations that these texts of a store are."""
    annotations = (Annotation(json.loads(text)) for text in texts)
    return {key_of(annotation.labels): annotation for annotation in annotations}


def routes_among(annotations: Mapping[Key, Annotation]) -> dict[Key, Annotation]:
    """The annotations that are routes, sorted by address and incarnation."""
    return {key: annotations[key] for key in sorted(annotations) if is_of_route(key)}


def _text_of(record: Mapping[str, Any]) -> str:
    return json.dumps({name: value for name, value in record.items() if name != "labels"})
