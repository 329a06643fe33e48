"""What the world does by itself to the things of a stack."""

from dataclasses import replace

from benchmarks.simulate.events import STACK, Accident
from benchmarks.simulate.target import SimulatedTarget
from infra_specs.resources.instance import Health, Instance
from tasks.providers.memory.record import Record


def happen(target: SimulatedTarget, accident: Accident, which: int, at: float) -> Instance | None:
    """Let it befall one instance of the stack, by number. Returns the instance; None if there is nothing."""
    with target.world.changing() as records:
        mine = [record for record in records if record.stack == STACK and not record.ending]
        if not mine:
            return None
        record = mine[which % len(mine)]
        index = records.index(record)
        records[index : index + 1] = _after(record, accident, at, _next_incarnation(mine, record))
        return record.known


def heal_data(target: SimulatedTarget, at: float) -> None:
    """Let a person mend what data lives in: no plan replaces it."""
    with target.world.changing() as records:
        for index, record in enumerate(records):
            if record.stack == STACK and record.stateful and record.failed:
                records[index] = replace(record, health=Health("healthy", "mended", at))


def _after(record: Record, accident: Accident, at: float, free: int) -> list[Record]:
    match accident:
        case "vanish":
            return []
        case "sicken":
            return [replace(record, health=Health("failed", "the simulated world broke it", at))]
        case "change" if not record.stateful:
            digests = {**record.digests, "env": "changed"}
            return [replace(record, fingerprint="changed", digests=digests)]
        case "double" if not record.stateful:
            return [record, replace(record, incarnation=free)]
    return [record]


def _next_incarnation(mine: list[Record], record: Record) -> int:
    return 1 + max(other.incarnation for other in mine if other.address == record.address)
