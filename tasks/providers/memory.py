"""A pretended target: its world is a file, so that killing a process spares it. Nothing runs.

A replica or a job whose command is `false` fails, as it would anywhere. Everything else is healthy at once, and jobs
have ended.
"""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from infra_specs.errors import ProviderError
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.scaling.node_capacity import FreeMemory
from tasks.base.clock import now
from tasks.providers.base import Traffic
from tasks.providers.simulated_load import Load, Loads

_world = TypeAdapter(list[Instance])
_room = TypeAdapter(FreeMemory)


class MemoryProvider:
    """A `Provider` that `Counts` and `HasRoom`, on one JSON file; safe among threads and processes."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = home / "world.json"
        self._guard = home / "world.lock"
        self._room_file = home / "room.json"
        self._loads = Loads(home)
        self._seen: tuple[tuple[int, int, int], dict[str, tuple[Instance, ...]]] | None = None

    def stacks(self) -> tuple[str, ...]:
        return tuple(sorted(self._by_stack()))

    def observe(self, stack: str) -> tuple[Instance, ...]:
        return self._by_stack().get(stack, ())

    def create(self, resource: Resource) -> Instance:
        with self._changing() as world:
            there = [one for one in world if (one.stack, one.address) == (resource.stack, resource.address)]
            for instance in there:
                if instance.fingerprint == resource.fingerprint and not instance.failed:
                    return instance
            incarnation = max((one.incarnation for one in there), default=0) + 1
            instance = Instance(
                resource.stack,
                resource.address,
                resource.kind,
                resource.fingerprint,
                incarnation,
                _health_of(resource),
                digests=resource.digests,
                bindings=resource.bindings,
                outputs=_outputs(resource, incarnation),
                after=resource.after,
                stateful=resource.stateful,
                drain_seconds=resource.drain_seconds,
            )
            world.append(instance)
            return instance

    def update(self, instance: Instance, resource: Resource) -> Instance:
        with self._changing() as world:
            for index, one in enumerate(world):
                if _same(one, instance):
                    world[index] = replace(
                        one,
                        fingerprint=resource.fingerprint,
                        digests=resource.digests,
                        bindings=resource.bindings,
                        after=resource.after,
                    )
                    return world[index]
        raise ProviderError(f"{instance} of {instance.stack} is gone, so it cannot be changed. Run it again.")

    def destroy(self, instance: Instance) -> None:
        with self._changing() as world:
            world[:] = [one for one in world if not _same(one, instance)]

    def stop(self, instance: Instance, why: str) -> None:
        with self._changing() as world:
            for index, one in enumerate(world):
                if _same(one, instance) and one.kind not in ("volume", "route"):
                    world[index] = replace(one, health=replace(one.health, state="failed", reason=why))

    def health(self, instance: Instance) -> Health:
        for one in self._read():
            if _same(one, instance):
                return one.health
        return Health("failed", "gone", now())

    def logs(self, instance: Instance, lines: int) -> str:
        there = any(_same(one, instance) for one in self._read())
        return f"{instance} runs in memory only\n" if there and lines else ""

    def traffic(self, stack: str) -> Mapping[str, Traffic]:
        """What a proxy would have counted by now of the load that was set."""
        return self._loads.counted(stack, self.observe(stack))

    def free_memory(self) -> FreeMemory | None:
        """What was set; without that nobody knows."""
        try:
            return _room.validate_json(self._room_file.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise ProviderError(f"the file {self._room_file} is broken. Remove it.") from error

    def close(self) -> None:
        """Nothing is held open."""

    def set_health(self, stack: str, address: str, health: Health) -> None:
        """What happens in this world, not a verb of ours: an accident, a recovery."""
        with self._changing() as world:
            world[:] = [
                replace(one, health=health) if (one.stack, one.address) == (stack, address) else one for one in world
            ]

    def set_load(self, stack: str, service: str, load: Load) -> None:
        """What happens in this world, not a verb of ours: from now on users ask this of the service."""
        with self._alone():
            self._loads.put(stack, service, load)

    def set_free_memory(self, memory: FreeMemory) -> None:
        """What happens in this world, not a verb of ours: it has so much memory, and so much of it is free."""
        with self._alone():
            self._room_file.write_bytes(_room.dump_json(memory))

    def _by_stack(self) -> dict[str, tuple[Instance, ...]]:
        """The whole world, read once as long as nobody changes it: a check of many stacks asks for each."""
        try:
            file = self._file.stat()
        except FileNotFoundError:
            return {}
        version = (file.st_ino, file.st_mtime_ns, file.st_size)
        if (seen := self._seen) is None or seen[0] != version:
            found: dict[str, list[Instance]] = {}
            for instance in sorted(self._read(), key=lambda one: (one.stack, one.address, one.incarnation)):
                found.setdefault(instance.stack, []).append(instance)
            self._seen = seen = version, {stack: tuple(mine) for stack, mine in found.items()}
        return seen[1]

    def _read(self) -> list[Instance]:
        try:
            return _world.validate_json(self._file.read_bytes())
        except FileNotFoundError:
            return []
        except ValidationError as error:
            raise ProviderError(f"the file {self._file} is broken: {error.error_count()} faults. Remove it.") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._guard.open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _changing(self) -> Iterator[list[Instance]]:
        with self._alone():
            world = self._read()
            yield world
            written = self._file.with_suffix(".new")
            written.write_text(json.dumps(_world.dump_python(world, mode="json")))
            written.replace(self._file)


def _same(one: Instance, other: Instance) -> bool:
    return (one.stack, one.address, one.incarnation) == (other.stack, other.address, other.incarnation)


def _health_of(resource: Resource) -> Health:
    if resource.settings.get("command") == ["false"]:
        return Health("failed", "exited with 1", now(), 1)
    if resource.kind == "job":
        return Health("healthy", "exited with 0", now(), 0)
    return Health("healthy", "pretended", now())


def _outputs(resource: Resource, incarnation: int) -> dict[str, str]:
    name = f"{resource.stack}.{Address.parse(resource.address).joined('.')}"
    url = f"http://{name}.invalid"
    return {
        "volume": {"path": f"/memory/{name}"},
        "database": {"host": f"{name}.invalid", "port": "5432"},
        "cache": {"host": f"{name}.invalid", "port": "6379"},
        "proxy": {"host": f"{name}.invalid", "port": "80", "url": url, "public_url": ""},
        "replica": {"endpoint": f"{name}-{incarnation}.invalid:80"},
        "route": {"url": url},
    }.get(resource.kind, {})
