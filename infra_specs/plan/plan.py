"""A plan: data, made before anything is touched."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource, canonical

Action = Literal["create", "update", "wait", "destroy"]
SIGNS: dict[Action, str] = {"create": "+", "update": "~", "wait": "=", "destroy": "-"}


@dataclass(frozen=True, slots=True)
class Change:
    """One step: what is done to which address, and why in one sentence.

    create has a resource; update and wait have both; destroy has an instance.
    """

    action: Action
    address: str
    reason: str
    resource: Resource | None = None
    instance: Instance | None = None

    def __str__(self) -> str:
        which = str(self.instance) if self.action == "destroy" and self.instance else self.address
        return f"{SIGNS[self.action]} {which} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that the plan leaves alone though it is not as wanted, and why: data, or a sick instance's log."""

    address: str
    reason: str

    def __str__(self) -> str:
        return f"! {self.address} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Plan:
    """Waves of changes: what is in one depends only on what is in earlier ones (which of them: `waits_for`)."""

    stack: str
    waves: tuple[tuple[Change, ...], ...]
    skipped: tuple[Skipped, ...]
    unchanged: int
    """Resources that are there, healthy and as wanted."""
    sources: Mapping[str, Instance] = field(default_factory=dict, compare=False)
    """Address -> the instance that references to it resolve to, of those that stay."""

    @property
    def changes(self) -> Iterator[Change]:
        for wave in self.waves:
            yield from wave

    @property
    def empty(self) -> bool:
        return not self.waves

    @property
    def summary(self) -> str:
        """`3 to create, 1 to update, 2 to destroy, 4 unchanged`, or `nothing to do: 7 as wanted`."""
        return self._counted(
            {"create": "to create", "update": "to update", "wait": "to wait for", "destroy": "to destroy"}
        )

    @property
    def done(self) -> str:
        """The same once it is done: `3 created, 1 updated, 2 destroyed, 4 unchanged`."""
        return self._counted({"create": "created", "update": "updated", "wait": "waited for", "destroy": "destroyed"})

    def data(self) -> dict[str, Any]:
        """Plain JSON data with references by name: no secret can be in it."""
        return {
            "stack": self.stack,
            "summary": self.summary,
            "waves": [[_change_data(change) for change in wave] for wave in self.waves],
            "kept": [{"address": item.address, "reason": item.reason} for item in self.skipped],
            "unchanged": self.unchanged,
        }

    def _counted(self, words: Mapping[Action, str]) -> str:
        counts = {action: sum(change.action == action for change in self.changes) for action in words}
        parts = [f"{count} {words[action]}" for action, count in counts.items() if count]
        if not parts:
            return f"nothing to do: {self.unchanged} as wanted"
        return ", ".join([*parts, f"{self.unchanged} unchanged"])


def _change_data(change: Change) -> dict[str, Any]:
    return {
        "action": change.action,
        "address": change.address,
        "incarnation": change.instance.incarnation if change.instance else None,
        "reason": change.reason,
        "text": str(change),
        "settings": canonical(change.resource.settings) if change.resource else None,
    }
