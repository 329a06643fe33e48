"""What one part of a spec says of another: checked on every part that is sound, whatever the others are like."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from infra_specs.stackfile.messages.document import Document
from infra_specs.stackfile.models.job import Job
from infra_specs.stackfile.models.needs import Needs
from infra_specs.stackfile.models.service import IMAGES_OWN_ENTRYPOINT, FromNeed, Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Aws, Target
from infra_specs.stackfile.models.tls import Tls
from infra_specs.stackfile.models.volumes import directory_variable
from infra_specs.stackfile.reading.aws import aws_faults
from infra_specs.stackfile.reading.hosts import host_faults
from infra_specs.stackfile.reading.names import Crossing, image_names, service_names
from infra_specs.stackfile.reading.routes import route_faults
from infra_specs.stackfile.reading.tls import tls_faults

ORDERS_OF_MAGNITUDE = 100
"""The headroom above which a spec has to say why."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The parts of a spec that can be built as they stand; None is a part that cannot."""

    services: dict[str, Service]
    needs: Needs | None
    provider: str | None
    """The target's, though the rest of the target be broken."""
    target: Target | None
    headroom: float | None
    headroom_because: str | None
    tls: Tls | None
    jobs: dict[str, Job]
    names: frozenset[str]
    """Of all services, the broken ones, too."""

    @classmethod
    def of(cls, stack: Stack) -> "Sound":
        """The parts of a whole stack."""
        target = stack.target
        return cls(
            stack.services, stack.needs, target.provider, target, stack.headroom, stack.headroom_because, stack.tls,
            stack.jobs, frozenset(stack.services),
        )  # fmt: skip

    @classmethod
    def within(cls, document: Document) -> "Sound":
        """The parts of a document that are sound by themselves."""
        data = document.data if isinstance(document.data, dict) else {}
        named = data.get("services")
        broken = {path[:2] for path in document.broken}
        services = {
            name: service
            for name, service in ((name, _part(_SERVICE, raw)) for name, raw in _mapping(named).items())
            if service is not None and ("services", name) not in broken
        }
        because = data.get("headroom_because")
        return cls(
            services,
            _part(_NEEDS, data.get("needs", {})),
            _mapping(data.get("target")).get("provider"),
            _part(_TARGET, data.get("target")),
            _part(_HEADROOM, data.get("headroom", 10)),
            because if isinstance(because, str) else None,
            _part(_TLS, data.get("tls")),
            {
                name: job
                for name, raw in _mapping(data.get("jobs")).items()
                if ("jobs", name) not in broken and (job := _part(_JOB, raw)) is not None
            },
            frozenset(_mapping(named)),
        )


_SERVICE: TypeAdapter[Any] = TypeAdapter(Service)
_JOB: TypeAdapter[Any] = TypeAdapter(Job)
_NEEDS: TypeAdapter[Any] = TypeAdapter(Needs)
_TARGET: TypeAdapter[Any] = TypeAdapter(Target)
_HEADROOM: TypeAdapter[Any] = TypeAdapter(float)
_TLS: TypeAdapter[Any] = TypeAdapter(Tls)


def crossings(sound: Sound) -> Iterator[Crossing]:
    """Every fault between two parts."""
    yield from host_faults(sound.target)
    yield from _headroom_reasoned(sound)
    yield from _two_ports(sound)
    yield from tls_faults(sound.tls, sound.services, sound.target)
    yield from service_names(sound.services)
    yield from image_names(sound.services, sound.target)
    yield from _programs(sound)
    if sound.provider == "aws":
        yield from aws_faults(sound.services, sound.needs, sound.tls)
    yield from _entrypoints(sound)
    yield from _counted_volumes(sound)
    yield from route_faults(sound.services)
    yield from _jobs(sound)
    for name, service in sound.services.items():
        yield from _environment(name, service, sound.needs)
        yield from _volumes(name, service)
        yield from _schedule(name, service)


def as_written(sound: Sound) -> Iterator[Crossing]:
    """Faults of what a person wrote that are none of what Tenfold keeps: there a build has the image it made."""
    for name, service in sound.services.items():
        if service.build is not None and service.image is not None:
            yield ("services", name, "image"), "it has a build too, which makes the image. Keep one of the two."


def _jobs(sound: Sound) -> Iterator[Crossing]:
    for name, job in sound.jobs.items():
        if job.service not in sound.names:
            yield (
                ("jobs", name, "service"),
                f"found `{job.service}`, and there is no such service. There are: {', '.join(sorted(sound.names))}.",
            )


def _headroom_reasoned(sound: Sound) -> Iterator[Crossing]:
    if sound.headroom is not None and sound.headroom > ORDERS_OF_MAGNITUDE and not sound.headroom_because:
        yield (
            ("headroom",),
            f"found {sound.headroom:g}: more than two orders of magnitude ({ORDERS_OF_MAGNITUDE} times today's demand) "
            "is not built ahead: what limits an app there is its design, and until then the rest is paid for nothing. "
            "Write 10, or insist with a sentence of your own in headroom_because, which the plan will show.",
        )


def _two_ports(sound: Sound) -> Iterator[Crossing]:
    ports = sound.target.ports if sound.target else {}
    if "public_port" in ports and ports["public_port"] == ports.get("port"):
        yield ("target", "public_port"), f"found {ports['port']}, which is port too. Give each listener its own."


def _programs(sound: Sound) -> Iterator[Crossing]:
    if (target := sound.target) is None:
        return
    for name, service in sound.services.items():
        if target.runs == "processes" and service.command is None:
            yield (
                ("services", name),
                f"{'an image' if service.image else 'a build'} alone cannot run on the {target.provider} target, which "
                "starts processes. Give it a command, or use a target that runs containers, such as docker.",
            )
        if target.runs == "containers" and service.image is None and service.build is None:
            yield (
                ("services", name),
                f"a command alone cannot run on the {target.provider} target, which starts containers. Give it an "
                "image or a build.",
            )


def _entrypoints(sound: Sound) -> Iterator[Crossing]:
    if (target := sound.target) is None or target.runs != "processes":
        return
    for name, service in sound.services.items():
        if service.entrypoint not in (None, IMAGES_OWN_ENTRYPOINT):
            yield (
                ("services", name, "entrypoint"),
                f"only an image has an entrypoint, and the {target.provider} target starts processes. Write its words "
                "at the beginning of `command`.",
            )


def _counted_volumes(sound: Sound) -> Iterator[Crossing]:
    if (target := sound.target) is None or not target.counted or isinstance(target, Aws):
        return
    for name, service in sound.services.items():
        if service.volumes:
            yield (
                ("services", name, "volumes"),
                f"the {target.provider} target counts the replicas of a service and starts a new release beside the "
                "old, so no replica can have data of its own. Keep the data in a database (`needs: {database: "
                "postgres}`) and leave `volumes` out, or use a target with one resource a replica, such as docker.",
            )


def _environment(name: str, service: Service, needs: Needs | None) -> Iterator[Crossing]:
    given = {"PORT", *map(directory_variable, service.volumes)}
    if needs is not None:
        given |= {f"{need.upper()}_URL" for need in Needs.model_fields if getattr(needs, need) is not None}
    for variable, value in service.env.items():
        path = ("services", name, "env", variable)
        if variable in given or variable.startswith("TENFOLD_"):
            yield path, f"{variable} is set by Tenfold itself. Remove it, or call yours otherwise."
        if isinstance(value, FromNeed) and needs is not None:
            need = value.from_need.partition(".")[0]
            if getattr(needs, need) is None:
                yield (
                    (*path, "from"),
                    f"found `{value.from_need}`, but this stack declares no {need}. Add it under needs.",
                )


def _volumes(name: str, service: Service) -> Iterator[Crossing]:
    """Of two, one must not hide the other."""
    places = list(service.volumes.items())
    for index, (volume, path) in enumerate(places):
        for other, above in places[:index]:
            if f"{path}/".startswith(f"{above}/") or f"{above}/".startswith(f"{path}/"):
                yield (
                    ("services", name, "volumes", volume),
                    f"found `{path}`, but `{other}` is at {above}: one would hide the other. Give each a place of its "
                    "own.",
                )


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _part(adapter: TypeAdapter[Any], data: Any) -> Any:
    try:
        return adapter.validate_python(data)
    except ValidationError:
        return None


def _schedule(name: str, service: Service) -> Iterator[Crossing]:
    most = service.bounds.max
    for number, period in enumerate(service.scaling.schedule):
        if most is not None and period.min > most:
            yield (
                ("services", name, "scaling", "schedule", number, "min"),
                f"found {period.min}, but the service has at most {most} replicas. Raise its maximum, or lower this.",
            )
