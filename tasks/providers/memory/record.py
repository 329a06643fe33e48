"""An instance as the world's file holds it, and what becomes of it each time it is looked at. Pure."""

from dataclasses import dataclass, fields, replace

from infra_specs.resources.instance import Health, Instance


@dataclass(frozen=True, slots=True)
class Record(Instance):
    """An instance with what only its world knows. A file of an older version has none of that."""

    late: int = 0
    """Looks after which its outputs are known."""
    leaving: int = 0
    """Looks after which it is gone, once it is ending."""
    undoes: str = ""
    """Why the world takes its next update back; empty if it does not."""
    before: Instance | None = None
    """What it goes back to at the next look."""

    @property
    def known(self) -> Instance:
        """What anybody is told of it."""
        instance = Instance(**{field.name: getattr(self, field.name) for field in fields(Instance)})
        return replace(instance, outputs={}) if self.late else instance

    @property
    def moves(self) -> bool:
        """Whether looking at it changes it."""
        return bool(self.late or self.ending or self.before)

    def looked_at(self) -> "Record | None":
        """What it is after one more look; None once it is gone."""
        if self.ending:
            return replace(self, leaving=self.leaving - 1) if self.leaving > 1 else None
        if self.before:
            health = replace(self.health, state="healthy", reason=f"went back by itself: {self.undoes}")
            past = {field.name: getattr(self.before, field.name) for field in fields(Instance)}
            return Record(**{**past, "health": health}, late=self.late)
        return replace(self, late=max(0, self.late - 1))

    def ended(self, looks: int, now: float) -> "Record | None":
        """What it is once it is destroyed, in a world where that takes so many looks."""
        if self.ending:
            return self
        return replace(self, health=Health("ending", "is being deleted", now), leaving=looks) if looks else None

    def is_of(self, instance: Instance) -> bool:
        """Whether it is the same incarnation."""
        mine = (self.stack, self.address, self.incarnation)
        return mine == (instance.stack, instance.address, instance.incarnation)
