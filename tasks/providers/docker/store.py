"""Texts in the labels of empty volumes, for an engine that can keep nothing else and changes no label.

A text is never changed: a volume with the next revision is made, then the older ones are removed. After a crash the
newest revision holds.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import NotFound

from infra_specs.errors import ProviderError
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.labels import PART_LABEL, REVISION_LABEL, Labels, host_of, key_of, name_of
from tasks.providers.labels import readable
from tasks.providers.seam.locks import AddressLocks
from tasks.providers.store import refuse_larger

_PART = "note"
_OWN_LABELS = (PART_LABEL, REVISION_LABEL)
Key = tuple[str, int]
"""Address and incarnation."""


class VolumeStore:
    """A `Store` in an engine. Each text is a JSON object: the labels of the instance that the name is of."""

    largest = 2**20

    def __init__(self, api: Engine) -> None:
        self._api = api
        self._locks = AddressLocks()

    def names(self, stack: str) -> tuple[str, ...]:
        return tuple(sorted(texts_among(self._api.volumes_of(stack))))

    def read(self, stack: str, name: str) -> str | None:
        return texts_among(self._api.volumes_of(stack)).get(name)

    def write(self, stack: str, name: str, text: str) -> None:
        refuse_larger(self, name, text)
        labels = _labels_in(text, name)
        with self._locks.alone(stack, name):
            earlier = [entry for entry in _entries(self._api.volumes_of(stack)) if entry.name == name]
            revision = max((entry.revision for entry in earlier), default=0) + 1
            own = {PART_LABEL: _PART, REVISION_LABEL: str(revision)}
            volume = name_of(stack, *key_of(labels), f"{_PART}{revision}")
            self._api.create_volume(volume, labels={**labels, **own})
            self._remove(earlier)

    def remove(self, stack: str, name: str) -> None:
        with self._locks.alone(stack, name):
            self._remove(entry for entry in _entries(self._api.volumes_of(stack)) if entry.name == name)

    def _remove(self, entries: Iterable["_Entry"]) -> None:
        for entry in entries:
            try:
                self._api.remove_volume(entry.volume)
            except NotFound:
                continue


def entry_name(key: Key) -> str:
    """The name of an instance's text: `replica.web-0.1`."""
    return f"{host_of(key[0])}.{key[1]}"


def texts_among(volumes: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Name -> newest text, of a stack's volumes: one question to the engine tells all of them."""
    newest: dict[str, _Entry] = {}
    for entry in _entries(volumes):
        if entry.name not in newest or newest[entry.name].revision < entry.revision:
            newest[entry.name] = entry
    return {name: entry.text for name, entry in newest.items()}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One revision of a text, and the volume that holds it."""

    name: str
    revision: int
    text: str
    volume: str


def _entries(volumes: Iterable[Mapping[str, Any]]) -> Iterator[_Entry]:
    for volume in volumes:
        labels = volume["Labels"] or {}
        if labels.get(PART_LABEL) != _PART:
            continue
        key = key_of(labels)
        with readable({"address": key[0]}):
            revision = int(labels[REVISION_LABEL])
        text = {label: value for label, value in labels.items() if label not in _OWN_LABELS}
        yield _Entry(entry_name(key), revision, json.dumps(text, sort_keys=True), volume["Name"])


def _labels_in(text: str, name: str) -> Labels:
    with readable({}):
        labels: Labels = dict(json.loads(text))
    if entry_name(key_of(labels)) != name:
        raise ProviderError(f"the labels of {entry_name(key_of(labels))} cannot be kept as {name}: use its own name")
    return labels
