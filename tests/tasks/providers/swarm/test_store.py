"""Records in the labels of configs, which change in place."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from docker.errors import NotFound

from infra_specs.errors import ProviderError
from tasks.providers.docker.annotations import Annotations, annotations_in
from tasks.providers.docker.labels import Labels
from tasks.providers.swarm.names import MACHINE_LABEL, is_volume
from tasks.providers.swarm.store import ConfigStore, texts_of

pytestmark = pytest.mark.pure

OWN = {
    "tenfold.stack": "shop",
    "tenfold.address": "volume/database",
    "tenfold.kind": "volume",
    "tenfold.incarnation": "1",
    "tenfold.outputs": '{"path": "tenfold.shop.volume.database.1"}',
}
NAME = "volume.database.1"


class Swarm:
    """Managers that have configs and nothing else; and the engine that they ask."""

    def __init__(self) -> None:
        self.labels: dict[str, Labels] = {}

    def configs(self, stack: str) -> list[dict[str, Any]]:
        return [
            {"ID": name, "Spec": {"Name": name, "Labels": labels}}
            for name, labels in self.labels.items()
            if labels["tenfold.stack"] == stack
        ]

    def make(self, make_it: Callable[["Swarm"], object]) -> bool:
        return bool(make_it(self))

    def remove(self, remove_it: Callable[["Swarm"], object]) -> None:
        try:
            remove_it(self)
        except NotFound:
            return

    def change_config(self, name: str, labels: Labels) -> bool:
        if name not in self.labels:
            return False
        self.labels[name] = labels
        return True

    def create_config(self, name: str, content: bytes, labels: Labels) -> bool:
        assert content
        return self.labels.setdefault(name, labels) is labels

    def remove_config(self, id: str) -> None:
        if self.labels.pop(id, None) is None:
            raise NotFound(id)


@pytest.fixture
def swarm() -> Swarm:
    return Swarm()


@pytest.fixture
def store(swarm: Swarm) -> ConfigStore:
    return ConfigStore(swarm)  # type: ignore[arg-type]


def test_a_text_is_read_as_it_was_written(store: ConfigStore) -> None:
    store.write("shop", NAME, json.dumps(OWN))
    text = store.read("shop", NAME)
    assert text is not None
    assert OWN.items() <= json.loads(text).items()
    assert store.names("shop") == (NAME,)
    assert store.read("other", NAME) is None


def test_it_changes_in_place(swarm: Swarm, store: ConfigStore) -> None:
    for host in ("10.0.0.11", "10.0.0.12"):
        store.write("shop", NAME, json.dumps({**OWN, MACHINE_LABEL: host}))
    (labels,) = swarm.labels.values()
    assert labels[MACHINE_LABEL] == "10.0.0.12"


def test_names_take_no_dots(swarm: Swarm, store: ConfigStore) -> None:
    store.write("shop", NAME, json.dumps(OWN))
    assert list(swarm.labels) == ["tenfold_shop_volume_database_1"]


def test_it_is_removed_and_gone_already_is_as_good(swarm: Swarm, store: ConfigStore) -> None:
    store.write("shop", NAME, json.dumps(OWN))
    for _ in range(2):
        store.remove("shop", NAME)
    assert not swarm.labels


def test_annotations_are_kept_in_it(swarm: Swarm, store: ConfigStore) -> None:
    Annotations(store).put("shop", {**OWN, MACHINE_LABEL: "10.0.0.11"})
    (annotation,) = annotations_in(texts_of(swarm.configs("shop")).values()).values()
    assert annotation.labels[MACHINE_LABEL] == "10.0.0.11"
    assert is_volume(annotation.labels)


def test_a_text_of_another_name_is_refused(store: ConfigStore) -> None:
    with pytest.raises(ProviderError, match="use its own name"):
        store.write("shop", "volume.queue.1", json.dumps(OWN))


def test_what_vanishes_meanwhile_is_said(swarm: Swarm, store: ConfigStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swarm, "make", lambda _: False)
    with pytest.raises(ProviderError, match="vanished while it was changed"):
        store.write("shop", NAME, json.dumps(OWN))
