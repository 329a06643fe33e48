"""Everything that a stack wants to exist."""

from collections.abc import Iterator, Mapping, Sequence

from infra_specs.catalogue import cache, database, files, queue, web
from infra_specs.catalogue.context import Context
from infra_specs.catalogue.patterns.pattern import Pattern, pattern_of
from infra_specs.certificates.host_certificate import HostCertificate
from infra_specs.errors import PlanError
from infra_specs.resources.resource import Resource, Setting
from infra_specs.sizing.size import Sizing
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.stack import Stack


def desired_state(
    stack: Stack,
    sizing: Sizing,
    *,
    counts: Mapping[str, int],
    secrets: Mapping[str, int],
    source: str,
    images: Mapping[str, str] | None = None,
    code: Mapping[str, str] | None = None,
    certificates: Mapping[str, HostCertificate] | None = None,
    behind: Sequence[int] = (),
) -> tuple[Resource, ...]:
    """The resources of a stack, in an order that is the same for equal inputs.

    `counts` are replicas by service that were asked for over the spec (kept within its bounds); `secrets` the newest
    version of each secret that the ledger holds; `source` the folder that the spec's relative paths start at; `images`
    the ids of the services' images by name, as far as they are known; `code` the contents of their folders;
    `certificates` what is known of those that are fetched, by host; `behind` the ports that the machine's front has in
    place of the proxy.
    Raises PlanError for a secret of the user's that is not set.
    """
    refuse_missing_secrets(stack, secrets)
    pattern = pattern_of(stack.target)
    most = {name: service.maximum for name, service in sizing.services.items()}
    needs = needs_of(stack, secrets)
    context = Context(stack, source, secrets, images or {}, code or {}, most, certificates or {}, needs, behind)
    resources = [*pattern.foundation(context), *_resources_of_needs(pattern, context, sizing)]
    routed = {name: service for name, service in stack.services.items() if service.port is not None}
    if routed:
        resources.append(pattern.proxy(context))
    for name, service in stack.services.items():
        count = replica_count(sizing, counts, name)
        resources += pattern.service(context, name, service, count)
        if name in routed:
            resources.append(web.route(stack, name, service, count))
        if service.static is not None:
            server = pattern.files(context, name, service.static, sizing.files[name])
            resources += files.resources(stack, name, service, service.static, server)
    return tuple(resources)


def _resources_of_needs(pattern: Pattern, context: Context, sizing: Sizing) -> Iterator[Resource]:
    if sizing.database is not None:
        yield from pattern.database(context, sizing.database)
    if sizing.cache is not None:
        yield from pattern.cache(context, sizing.cache)
    if sizing.queue is not None:
        yield from pattern.queue(context, sizing.queue)


def needs_of(stack: Stack, secrets: Mapping[str, int]) -> dict[str, Mapping[str, Setting]]:
    """Need -> what an app reaches it by."""
    needs: dict[str, Mapping[str, Setting]] = {}
    if stack.needs.database is not None:
        needs["database"] = database.connection_settings(secrets)
    if stack.needs.cache is not None:
        needs["cache"] = cache.NEED.connection_settings(secrets, encrypted=stack.target.encrypts_caches)
    if stack.needs.queue is not None:
        needs["queue"] = queue.NEED.connection_settings(secrets)
    return needs


def replica_count(sizing: Sizing, counts: Mapping[str, int], service: str) -> int:
    """What was asked for, within the bounds of the spec, or none where it may stop; else what today's users need."""
    size = sizing.services[service]
    return size.within(counts[service]) if service in counts else size.replicas


def generated_secrets(stack: Stack) -> tuple[str, ...]:
    """The secrets that Tenfold makes up for this stack."""
    needs = stack.needs
    passwords = (
        (database.PASSWORD, needs.database),
        (cache.NEED.password, needs.cache),
        (queue.NEED.password, needs.queue),
    )
    return tuple(secret for secret, need in passwords if need is not None)


def refuse_missing_secrets(stack: Stack, secrets: Mapping[str, int]) -> None:
    """Raise PlanError that names every secret of the spec that is not set, and how to set it."""
    if missing := sorted(named_secrets(stack) - secrets.keys()):
        commands = "\n".join(f"  tenfold secret set {stack.name} {name}" for name in missing)
        raise PlanError(f"{stack.name}: these secrets are named in the spec and not set. Set them first:\n{commands}")
