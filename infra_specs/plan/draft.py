"""A plan while it is made: the changes so far, and what stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra_specs.plan.plan import Change, Skipped
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource


@dataclass
class Draft:
    """What a plan has decided so far."""

    desired: Mapping[str, Resource]
    copies: dict[str, int]
    """Service -> the copies of it that will stand."""
    moment: float | None = None
    changes: list[Change] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    settled: dict[str, Instance] = field(default_factory=dict)
    """Address -> the instance that stays as it is."""
    sources: dict[str, Instance] = field(default_factory=dict)
    """Address -> what references resolve to and no change is made to: a newer instance with data that stays beside the
    kept one, or one that is left alone for now."""
    moving: dict[str, str] = field(default_factory=dict)
    """Address -> why what others know of it is about to change."""

    def add(self, change: Change) -> None:
        self.changes.append(change)
        if change.action == "create":
            self.moving[change.address] = change.reason

    def withdraw(self, address: str) -> None:
        """Nothing is done to it after all."""
        self.changes[:] = [change for change in self.changes if change.address != address]
        self.moving.pop(address, None)

    def destroy(self, instance: Instance, reason: str) -> None:
        """Data is only ever destroyed by what is not wanted and `delete_data`."""
        if instance.stateful:
            self.skipped.append(Skipped(str(instance), f"{reason}, but data lives in it: never destroyed by a plan"))
        else:
            self.add(Change("destroy", instance.address, reason, instance=instance))

    def end(self, instance: Instance) -> None:
        """Wait until it is gone; whoever ends data that is not to be deleted is not helped."""
        if instance.stateful:
            self.skip(Skipped(str(instance), "ending by itself, and its data with it"))
        else:
            self.add(Change("destroy", instance.address, "ending already", instance=instance))

    def staying(self) -> dict[str, Instance]:
        """Address -> what stays as it is, and what is only waited for: it may wait for what it no longer refers to."""
        waits = ((change.address, change.instance) for change in self.changes if change.action == "wait")
        return {**self.settled, **{address: instance for address, instance in waits if instance}}

    def unsettle(self, address: str) -> None:
        """It will change after all, so nobody waits for it as it is."""
        self.settled.pop(address, None)
        self.changes[:] = [change for change in self.changes if (change.action, change.address) != ("wait", address)]

    def skip(self, kept: Skipped) -> None:
        if kept not in self.skipped:
            self.skipped.append(kept)
