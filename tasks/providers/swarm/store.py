"""Texts in the labels of Swarm configs: what is recorded of a thing whose own labels cannot change, or that has none.

A config's labels change in place, and a stale version is refused. Its content is empty and never changes.
"""

import json
from collections.abc import Iterable

from infra_specs.errors import ProviderError
from infra_specs.resources.target_name import SWARM, target_name
from tasks.providers.docker.labels import PART_LABEL, Labels, key_of
from tasks.providers.docker.store import Key, entry_name
from tasks.providers.labels import readable
from tasks.providers.store import refuse_larger
from tasks.providers.swarm.managers import ApiObject, Managers

NOTE = "note"
_CONTENT = b"tenfold"
"""A config must have some."""


class ConfigStore:
    """A `Store` in a Swarm. Each text is a JSON object: the labels of the instance that the name is of."""

    largest = 2**20

    def __init__(self, managers: Managers) -> None:
        self._managers = managers

    def names(self, stack: str) -> tuple[str, ...]:
        return tuple(sorted(texts_of(self._managers.configs(stack))))

    def read(self, stack: str, name: str) -> str | None:
        return texts_of(self._managers.configs(stack)).get(name)

    def write(self, stack: str, name: str, text: str) -> None:
        refuse_larger(self, name, text)
        with readable({}):
            labels: Labels = {**json.loads(text), PART_LABEL: NOTE}
        key = key_of(labels)
        if entry_name(key) != name:
            raise ProviderError(f"the labels of {entry_name(key)} cannot be kept as {name}: use its own name")
        config = config_name(stack, key)
        made = self._managers.make(lambda engine: engine.create_config(config, _CONTENT, labels))
        if not made and not self._managers.change_config(config, labels):
            raise ProviderError(f"what is recorded of {key[0]} of stack {stack} vanished while it was changed")

    def remove(self, stack: str, name: str) -> None:
        """Remove it. Gone already: success."""
        for config in self._managers.configs(stack):
            if entry_name(key_of(config["Spec"]["Labels"])) == name:
                self._managers.remove(lambda engine, id=config["ID"]: engine.remove_config(id))  # type: ignore[misc]


def config_name(stack: str, key: Key) -> str:
    """The name of the config that holds what is recorded of an instance."""
    return target_name(stack, *key, SWARM)


def texts_of(configs: Iterable[ApiObject]) -> dict[str, str]:
    """Name -> text, of a stack's configs: one question to a manager tells all of them."""
    labels = (config["Spec"]["Labels"] for config in configs)
    return {
        entry_name(key_of(own)): json.dumps({**own, PART_LABEL: "instance"}, sort_keys=True)
        for own in labels
        if own.get(PART_LABEL) == NOTE
    }
