"""What AWS would refuse of a stack, after minutes or for good: refused when the file is read, all of it at once."""

from collections.abc import Iterator, Mapping

from infra_specs.stackfile.messages.location import Path
from infra_specs.stackfile.models.needs import Needs
from infra_specs.stackfile.models.route import REQUEST_SECONDS
from infra_specs.stackfile.models.service import FromNeed, Secret, Service
from infra_specs.stackfile.models.tls import Tls
from infra_specs.stackfile.models.units import duration_text
from infra_specs.stackfile.reading.names import Crossing

LONGEST_IDLE = 4000
"""Seconds that a balancer waits for a silent connection at most."""
LONGEST_CONDITION = 128
"""Characters that a rule of a balancer takes of a host or a path, the star at its end included."""
MOST_CPUS, MOST_MEMORY = 16, 120 * 2**30
MOST_DATABASE_MEMORY, MOST_CACHE_MEMORY = 512 * 2**30, 314 * 2**30
_SECRET_PARTS = ("url", "password")


def aws_faults(services: Mapping[str, Service], needs: Needs | None, tls: Tls | None) -> Iterator[Crossing]:
    """Every fault of a stack's services, needs and certificate on AWS."""
    if tls is not None:
        yield ("tls",), "HTTPS on AWS is not in this version. Leave it out, or put something in front that has it."
    if needs is not None:
        yield from _needs(needs)
    for name, service in services.items():
        yield from _program(("services", name), service)
        yield from _route(("services", name, "route"), service)
    yield from _secrets_of_one_name(services, needs)


def _needs(needs: Needs) -> Iterator[Crossing]:
    if needs.queue is not None:
        yield (
            ("needs", "queue"),
            "AWS's Valkey loses what it was just told when a node fails, so it is no place for jobs. Keep them in a "
            "database (`needs: {database: postgres}`) or in SQS, and leave `queue` out.",
        )
    for name, most in (("database", MOST_DATABASE_MEMORY), ("cache", MOST_CACHE_MEMORY)):
        need = getattr(needs, name)
        if need is not None and (need.memory or 0) > most:
            yield ("needs", name, "memory"), f"AWS has no {name} of more than {most // 2**30}GB. Write that or less."


def _program(path: Path, service: Service) -> Iterator[Crossing]:
    if service.build is not None:
        yield (
            (*path, "build"),
            "the aws target builds nothing: it starts images that are in a registry. Build it, push it, and name it: "
            "`image: registry.example.com/shop@sha256:...`.",
        )
    elif service.image is None:
        yield path, "a command alone cannot run on the aws target, which starts containers. Give it an image."
    if service.volumes:
        yield (
            (*path, "volumes"),
            "tasks on AWS share no disk. Keep the data in a database (`needs: {database: postgres}`) or in a bucket, "
            "and leave `volumes` out.",
        )
    if service.secrets == "files":
        yield (*path, "secrets"), "the aws target gives secrets as variables only. Leave it out, and read the variable."
    if (service.cpus or 0) > MOST_CPUS:
        yield (*path, "cpus"), f"found {service.cpus:g}: a task on AWS has at most {MOST_CPUS} cores."
    if (service.memory or 0) > MOST_MEMORY:
        yield (*path, "memory"), f"a task on AWS has at most {MOST_MEMORY // 2**30}GB of memory. Write that or less."


def _route(path: Path, service: Service) -> Iterator[Crossing]:
    route, timeouts = service.route, service.route.timeouts
    if route.static is not None:
        yield (
            (*path, "static"),
            "the aws target has no file server, for its tasks share no disk. Keep the files in a bucket, and leave "
            "`static` out.",
        )
    if timeouts.request != REQUEST_SECONDS:
        yield (
            (*path, "timeouts", "request"),
            "a balancer of AWS knows no such limit. Leave it out, and let the app end what takes too long; `idle` "
            "bounds the silence.",
        )
    if timeouts.idle is not None and timeouts.idle > LONGEST_IDLE:
        yield (
            (*path, "timeouts", "idle"),
            f"found {duration_text(timeouts.idle)}: a balancer of AWS waits {LONGEST_IDLE}s at most. Write that or "
            "less.",
        )
    if "*" in route.path or "?" in route.path:
        yield (*path, "path"), f"found `{route.path}`: a `*` stands for any text in a rule of AWS. Write it without."
    for key, text in (("host", route.host), ("path", route.path)):
        if len(text) > LONGEST_CONDITION - 2:
            yield (*path, key), f"has {len(text)} characters: a rule of AWS takes {LONGEST_CONDITION - 2} at most."


def _secrets_of_one_name(services: Mapping[str, Service], needs: Needs | None) -> Iterator[Crossing]:
    """Two variables whose secrets would be kept under one name."""
    taken: dict[str, tuple[str, str]] = {}
    for service, spec in services.items():
        for variable in _secret_variables(spec, needs):
            name = f"{service}-{variable.lower().replace('_', '-')}"
            if name in taken:
                other, earlier = taken[name]
                yield (
                    ("services", service, "env", variable),
                    f"its secret would be called `{name}`, as that of {other}'s {earlier} is. Call one of the two "
                    "otherwise.",
                )
            taken.setdefault(name, (service, variable))


def _secret_variables(service: Service, needs: Needs | None) -> Iterator[str]:
    if needs is not None:
        yield from (f"{need.upper()}_URL" for need in Needs.model_fields if getattr(needs, need) is not None)
    for variable, value in service.env.items():
        secret = isinstance(value, FromNeed) and value.from_need.partition(".")[2] in _SECRET_PARTS
        if secret or isinstance(value, Secret):
            yield variable
