"""A job: a service's program that runs to its end, beside its replicas or before new ones serve.

It has what a replica of the service has (image, folder, environment, secrets, volumes, limits, network) and is not
routed, not counted, and never started again by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from infra_specs.catalogue import cache, database, web
from infra_specs.catalogue.containers import in_container
from infra_specs.resources.address import BEFORE, RUN, Address
from infra_specs.resources.resource import Resource, Setting
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Docker

_REPLICA_ONLY = ("slot", "serves", "health")


def is_one_off(address: str) -> bool:
    """Whether somebody asked for it to be run once: nothing wants it, and only who asked waits for its end."""
    parsed = Address.parse(address)
    return (parsed.kind, parsed.name) == ("job", RUN)


def before_jobs(
    stack: Stack, *, source: str, secrets: Mapping[str, int], images: Mapping[str, str], release: int
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
    release: int,
) -> Resource:
    """The job at this address: `command` run once as a replica of `service` would be, in its release's image.

    Equal arguments give an equal fingerprint, so a job that has ended well is not run a second time for the same
    release, and is for the next one. `source`, `secrets` and `images` are those of `desired_state`. Of one name
    there is one at a time: two migrations must not run at once.
    """
    needs: dict[str, Mapping[str, Setting]] = {}
    if stack.needs.database is not None:
        needs["database"] = database.connection_settings(secrets)
    if stack.needs.cache is not None:
        needs["cache"] = cache.connection_settings(secrets)
    service_spec = stack.services[service].model_copy(update={"command": list(command)})
    (replica,) = web.replicas(stack.name, service, service_spec, 1, source=source, needs=needs, secrets=secrets)
    if isinstance(stack.target, Docker):
        replica = in_container(replica, stack.target, {service: service_spec}, images)
    env = replica.settings["env"]
    assert isinstance(env, Mapping)
    settings: dict[str, Setting] = {
        **{setting: value for setting, value in replica.settings.items() if setting not in _REPLICA_ONLY},
        "env": {key: value for key, value in env.items() if key != "TENFOLD_REPLICA"} | {"TENFOLD_JOB": address.short},
        "port": service_spec.port,
        "release": release,
    }
    return replace(
        replica,
        address=str(address),
        kind=address.kind,
        settings=settings,
        singleton=True,
        drain_seconds=0.0,
        digests={},
    )
