"""Texts in the labels of volumes: the newest revision holds, and nothing of an older version is lost."""

import json
from typing import Any

import pytest
from docker.errors import NotFound

from infra_specs.errors import ProviderError
from tasks.providers.docker import store
from tasks.providers.docker.annotations import Annotations, annotations_among
from tasks.providers.docker.labels import Labels
from tasks.providers.docker.store import VolumeStore, texts_among

pytestmark = pytest.mark.pure

OWN = {
    "tenfold.stack": "shop",
    "tenfold.address": "route/web",
    "tenfold.kind": "route",
    "tenfold.incarnation": "2",
    "tenfold.outputs": "{}",
}
NAME = "route.web.2"


class Volumes:
    """An engine that has volumes and nothing else."""

    def __init__(self) -> None:
        self.labels: dict[str, Labels] = {}

    def volumes_of(self, stack: str) -> list[dict[str, Any]]:
        return [
            {"Name": name, "Labels": labels} for name, labels in self.labels.items() if labels["tenfold.stack"] == stack
        ]

    def create_volume(self, name: str, labels: Labels) -> None:
        self.labels.setdefault(name, labels)

    def remove_volume(self, name: str) -> None:
        if self.labels.pop(name, None) is None:
            raise NotFound(name)


@pytest.fixture
def volumes() -> Volumes:
    return Volumes()


@pytest.fixture
def texts(volumes: Volumes) -> VolumeStore:
    return VolumeStore(volumes)  # type: ignore[arg-type]


def note(revision: int, **more: str) -> Labels:
    return OWN | {"tenfold.part": "note", "tenfold.revision": str(revision)} | more


def test_a_text_is_read_as_it_was_written(texts: VolumeStore) -> None:
    assert texts.read("shop", NAME) is None
    for outputs in ("{}", '{"url": "a"}'):
        text = json.dumps(OWN | {"tenfold.outputs": outputs}, sort_keys=True)
        texts.write("shop", NAME, text)
        assert texts.read("shop", NAME) == text
    assert texts.names("shop") == (NAME,)
    assert texts.names("other") == ()
    for _ in range(2):
        texts.remove("shop", NAME)
        assert texts.names("shop") == ()


def test_volumes_have_the_names_and_labels_that_every_version_gave_them(volumes: Volumes, texts: VolumeStore) -> None:
    """What an older version wrote is read, and what is written an older version would have written."""
    volumes.labels = {"tenfold.shop.route.web.2.note7": note(7)}
    record = {"settings": {"path": "/"}, "since": 1.5, "draining": [], "labels": {"left": "out"}}
    Annotations(texts).put("shop", OWN | {"tenfold.part": "instance"}, record)
    (name,) = volumes.labels
    assert name == "tenfold.shop.route.web.2.note8"
    assert volumes.labels[name] == note(
        8, **{"tenfold.record": '{"settings": {"path": "/"}, "since": 1.5, "draining": []}'}
    )


def test_the_newest_revision_holds_and_all_of_them_go(volumes: Volumes, texts: VolumeStore) -> None:
    """A run that was killed between making a revision and removing the older ones leaves several."""
    for revision in (9, 10, 2):
        volumes.labels[f"note{revision}"] = note(revision, **{"tenfold.record": f'{{"n": {revision}}}'})
    volumes.labels["data"] = OWN | {"tenfold.part": "instance"}
    (annotation,) = annotations_among(volumes.volumes_of("shop")).values()
    assert annotation.record["n"] == 10
    Annotations(texts).put("shop", OWN, {"n": 11})
    assert sorted(volumes.labels) == ["data", "tenfold.shop.route.web.2.note11"]
    Annotations(texts).remove("shop", ("route/web", 2))
    assert sorted(volumes.labels) == ["data"]


def test_a_kill_before_the_older_one_is_removed_leaves_the_new_text(
    volumes: Volumes, texts: VolumeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts.write("shop", NAME, json.dumps(OWN))

    def killed(_: str) -> None:
        raise KeyboardInterrupt

    new = json.dumps(OWN | {"tenfold.outputs": '{"a": 1}'}, sort_keys=True)
    with monkeypatch.context() as patched:
        patched.setattr(volumes, "remove_volume", killed)
        with pytest.raises(KeyboardInterrupt):
            texts.write("shop", NAME, new)
    assert len(volumes.labels) == 2
    assert texts.read("shop", NAME) == new


def test_what_no_entry_can_hold_is_refused(texts: VolumeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.VolumeStore, "largest", 20)
    with pytest.raises(ProviderError, match="at most 20"):
        texts.write("shop", NAME, json.dumps(OWN))
    monkeypatch.undo()
    with pytest.raises(ProviderError, match=r"route\.web\.2 cannot be kept as route\.web\.1"):
        texts.write("shop", "route.web.1", json.dumps(OWN))
    with pytest.raises(ProviderError, match="broken"):
        texts.write("shop", NAME, "no labels")


def test_a_revision_that_is_no_number_is_said_to_be_broken(volumes: Volumes) -> None:
    volumes.labels["note"] = note(1) | {"tenfold.revision": "newest"}
    with pytest.raises(ProviderError, match="route/web"):
        texts_among(volumes.volumes_of("shop"))
