"""A job: a service's program that runs to its end, beside its replicas or before new ones serve.

It has what a replica of the service has (image, folder, environment, secrets, volumes, limits, network) and is not
routed, not counted, and never started again by itself.
"""

from collections.abc import Mapping, Sequence

from infra_specs.catalogue.context import Context
from infra_specs.catalogue.desired import needs_of
from infra_specs.catalogue.patterns.pattern import pattern_of
from infra_specs.resources.address import BEFORE, RUN, Address
from infra_specs.resources.resource import Resource, Setting
from infra_specs.stackfile.models.stack import Stack

_OF_COPIES = ("serves", "health", "interval")
"""Settings of a program that serves, which mean nothing to one that ends."""


def is_one_off(address: str) -> bool:
    """Whether somebody asked for it to be run once: nothing wants it, and only who asked waits for its end."""
    parsed = Address.parse(address)
    return (parsed.kind, parsed.name) == ("job", RUN)


def before_jobs(
    stack: Stack,
    *,
    source: str,
    secrets: Mapping[str, int],
    images: Mapping[str, str],
    code: Mapping[str, str],
    release: int,
) -> tuple[Resource, ...]:
    """What has to have ended well before a release's replicas get traffic: one job for each service that says so."""
    return tuple(
        job(
            stack,
            Address("job", BEFORE, name),
            name,
            service.before,
            source=source,
            secrets=secrets,
            images=images,
            code=code,
            release=release,
        )
        for name, service in stack.services.items()
        if service.before is not None
    )


def job(
    stack: Stack,
    address: Address,
    service: str,
    command: Sequence[str],
    *,
    source: str,
    secrets: Mapping[str, int],
    images: Mapping[str, str],
    code: Mapping[str, str],
    release: int,
    entrypoint: Sequence[str] | None = None,
) -> Resource:
    """The job at this address: `command` run once as a replica of `service` would be, in its release's image.

    Equal arguments give an equal fingerprint, so a job that has ended well is not run a second time for the same
    release, and is for the next one. `source`, `secrets`, `images` and `code` are those of `desired_state`. Of one name
    there is one at a time: two migrations must not run at once. `entrypoint` takes the place of the service's own; an
    empty one is none.
    """
    context = Context(stack, source, secrets, images, code, needs=needs_of(stack, secrets))
    own = stack.services[service].entrypoint
    given = own if entrypoint is None else list(entrypoint) or None
    spec = stack.services[service].model_copy(update={"command": list(command), "entrypoint": given})
    program = pattern_of(stack.target).program(context, service, spec)
    env = program["env"]
    assert isinstance(env, Mapping)
    settings: dict[str, Setting] = {
        "service": service,
        **{setting: value for setting, value in program.items() if setting not in _OF_COPIES},
        "env": {**env, "TENFOLD_JOB": address.short},
        "port": spec.port,
        "release": release,
    }
    return Resource(stack.name, str(address), address.kind, settings, singleton=True)
