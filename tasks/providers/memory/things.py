"""The driver of every kind on the memory target.

A replica, service or job whose command is `false` fails, as it would anywhere. Everything else is healthy at once, and
jobs have ended.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from infra_specs.catalogue.web import BEHIND
from infra_specs.resources.address import Address
from infra_specs.resources.instance import Health, Instance, Member
from infra_specs.resources.resource import Resource
from infra_specs.sharing.front import FRONT_KIND
from infra_specs.stackfile.models.target import Memory
from tasks.base.clock import now
from tasks.providers.memory.record import Record
from tasks.providers.memory.world import World
from tasks.providers.seam.kind import Kind, refusal

KINDS = ("volume", "database", "cache", "queue", "files", "proxy", "replica", "service", "job", "route", FRONT_KIND)
_NEVER_RUN = ("volume", "route")


class Things(Kind):
    """Things of any kind; what the target's model says makes them come late and go late."""

    def __init__(self, world: World, target: Memory) -> None:
        self._world, self._target = world, target

    def list(self, stack: str) -> Iterable[Instance]:
        return self._world.by_stack().get(stack, ())

    def look(self, instance: Instance) -> Instance | None:
        for record in self._world.read():
            if record.is_of(instance):
                if record.moves:
                    self._world.change(record, Record.looked_at)
                return record.known
        return None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        record = Record(
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
            members=_members(resource, incarnation),
            late=self._target.late_outputs,
        )
        with self._world.changing() as records:
            records.append(record)
        return record.known

    def update(self, instance: Instance, resource: Resource) -> None:
        def updated(record: Record) -> Record:
            changed = replace(
                record,
                fingerprint=resource.fingerprint,
                digests=resource.digests,
                bindings=resource.bindings,
                after=resource.after,
                outputs={**record.outputs, **_outputs(resource, record.incarnation)},
                members=_members(resource, record.incarnation),
            )
            if not record.undoes or record.fingerprint == resource.fingerprint:
                return changed
            return replace(changed, health=Health("starting", "is being changed", now()), before=record.known)

        changed = {name for name, digest in resource.digests.items() if instance.digests.get(name) != digest}
        if instance.kind == "service" and changed - {"count"}:
            raise refusal(instance)
        self._world.change(instance, updated)

    def destroy(self, instance: Instance) -> Instance | None:
        left = self._world.change(instance, lambda record: record.ended(self._target.late_endings, now()))
        return left.known if left else None

    def stop(self, instance: Instance, why: str) -> None:
        def stopped(record: Record) -> Record:
            reason = why or (record.health.reason if record.failed else "stopped")
            return replace(record, health=replace(record.health, state="failed", reason=reason))

        if instance.kind not in _NEVER_RUN:
            self._world.change(instance, stopped)

    def logs(self, instance: Instance, lines: int) -> str:  # noqa: ARG002 - it says one line
        present = any(record.is_of(instance) for record in self._world.read())
        return f"{instance} runs in memory only\n" if present else ""


def _health_of(resource: Resource) -> Health:
    if resource.settings.get("command") == ["false"]:
        return Health("failed", "exited with 1", now(), 1)
    if resource.kind == "job":
        return Health("healthy", "exited with 0", now(), 0)
    return Health("healthy", "pretended", now())


def _outputs(resource: Resource, incarnation: int) -> Mapping[str, str]:
    name = _host(resource)
    url = f"http://{name}.invalid"
    return {
        "volume": {"path": f"/memory/{name}"},
        "database": {"host": f"{name}.invalid", "port": "5432"},
        "cache": {"host": f"{name}.invalid", "port": "6379"},
        "queue": {"host": f"{name}.invalid", "port": "6379"},
        "proxy": {"host": f"{name}.invalid", "port": "80", "url": url, "public_url": "", **_held(resource)},
        FRONT_KIND: {"ports": " ".join(_told(resource))},
        "files": {"endpoint": f"{name}-{incarnation}.invalid:80"},
        "replica": {"endpoint": f"{name}-{incarnation}.invalid:80"},
        "service": {"endpoint": f"{name}-{incarnation}.invalid:80"},
        "route": {"url": url},
    }.get(resource.kind, {})


def _told(resource: Resource) -> Iterable[str]:
    ports = resource.settings.get("ports")
    return sorted(ports, key=int) if isinstance(ports, Mapping) else ()


def _held(resource: Resource) -> Mapping[str, str]:
    """The ports beyond loopback that a proxy has itself."""
    settings = resource.settings
    behind = settings.get(BEHIND) or ()
    assert isinstance(behind, Sequence)
    ports = [settings.get(name) for name in ("public_port", "redirect")] if settings.get("public") else []
    held = [str(port) for port in ports if isinstance(port, int) and port not in behind]
    return {"held_ports": " ".join(held)} if held or behind else {}


def _members(resource: Resource, incarnation: int) -> tuple[Member, ...]:
    """The copies of a counted service."""
    count = resource.settings.get("count")
    if resource.kind != "service" or not isinstance(count, int):
        return ()
    names = (f"{_host(resource)}-{incarnation}-{number}" for number in range(count))
    return tuple(Member(name, f"{name}.invalid:80") for name in names)


def _host(resource: Resource) -> str:
    return f"{resource.stack}.{Address.parse(resource.address).joined('.')}"
