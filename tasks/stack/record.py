"""The desired state of a stack: its last spec, with the replica counts and releases that came after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from infra_specs.catalogue.desired import desired_state
from infra_specs.catalogue.job import before_jobs, job
from infra_specs.errors import PlanError, UnknownStack
from infra_specs.pricing.price import Price, price
from infra_specs.releases.manifest import ReleaseManifest, apply_to, changed_services, manifest_of, with_absolute_paths
from infra_specs.releases.merge import merged, with_secrets
from infra_specs.releases.selection import ReleaseState, current
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Resource
from infra_specs.sizing.size import Sizing, size
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Ledger, Release


@dataclass(frozen=True, slots=True)
class DesiredStack:
    """A stack with every decision made: its services, sizes, price and resources."""

    stack: Stack
    """The spec, with the services as they shall run, release settings included."""
    source: str
    """The folder that relative paths of the spec start at."""
    content: ReleaseManifest
    """The manifest of its release."""
    sizing: Sizing
    price: Price
    resources: tuple[Resource, ...]


def desired_from_spec(
    ledger: Ledger,
    stack: Stack,
    source: str,
    counts: Mapping[str, int] | None = None,
    images: Mapping[str, str] | None = None,
) -> DesiredStack:
    """The desired stack after a provision of this spec: the file merged over the current release. Changes nothing.

    `counts`: replicas by service; they override the ledger's. `images`: image ids by name; they override those of the
    current release. Raises PlanError for a stack that cannot be built, such as for a missing secret.
    """
    file, running = (
        replace(manifest_of_file(ledger, stack, source), images=images or {}),
        current_release(ledger, stack.name),
    )
    manifest = (
        merged(running.file, file, running.content)
        if running
        else manifest_of(file.services, file.secrets, file.images)
    )
    return desired_with_release(ledger, stack, source, manifest, counts)


def manifest_of_file(ledger: Ledger, stack: Stack, source: str) -> ReleaseManifest:
    """The release manifest of a spec file, with the newest version of each secret."""
    return ReleaseManifest(with_absolute_paths(stack, source), ledger.secret_versions(stack.name))


def desired_as_deployed(
    ledger: Ledger, stack: Stack, source: str, counts: Mapping[str, int] | None = None
) -> DesiredStack:
    """The desired stack with the current release; from the spec while there is no release.

    A spec whose provision failed changes no service.
    """
    running = current_release(ledger, stack.name)
    if running is None:
        return desired_from_spec(ledger, stack, source, counts)
    return desired_with_release(ledger, stack, source, running.content, counts)


def desired_with_release(
    ledger: Ledger, stack: Stack, source: str, manifest: ReleaseManifest, counts: Mapping[str, int] | None = None
) -> DesiredStack:
    """The desired stack with the given release manifest."""
    record = ledger.stack_record(stack.name)
    replica_counts = {**(record.override_counts if record else {}), **(counts or {})}
    running = apply_to(stack, manifest)
    sizing = size(running)
    secrets = _secrets(ledger, stack.name, manifest)
    resources = desired_state(
        running, sizing, counts=replica_counts, secrets=secrets, source=source, images=manifest.images
    )
    return DesiredStack(running, source, manifest, sizing, price(running, sizing, resources), resources)


def with_newest_secrets(ledger: Ledger, stack: Stack, source: str, services: Mapping[str, Service]) -> ReleaseManifest:
    """The manifest of these services, with secret versions that are in use or were set since."""
    newest, running = manifest_of_file(ledger, stack, source), current_release(ledger, stack.name)
    return (
        with_secrets(services, running.file, newest, running.content)
        if running
        else manifest_of(services, newest.secrets)
    )


def release_jobs(ledger: Ledger, desired: DesiredStack, release: Release) -> tuple[Resource, ...]:
    """The `before` jobs of this release: one for each changed service that has one.

    They must succeed before new replicas get traffic. A rollback runs none: its jobs ran when that release was new.
    """
    if release.verb == "rollback":
        return ()
    running = next(
        (candidate for candidate in ledger.active_releases(release.stack) if candidate.state is ReleaseState.HEALTHY),
        None,
    )
    changed = changed_services(running.content if running else None, release.content)
    secrets = _secrets(ledger, release.stack, release.content)
    jobs = before_jobs(
        desired.stack, source=desired.source, secrets=secrets, images=release.content.images, release=release.number
    )
    return tuple(candidate for candidate in jobs if candidate.settings["service"] in changed)


def one_off_job(
    ledger: Ledger, desired: DesiredStack, address: Address, service: str, command: Sequence[str]
) -> Resource:
    """The job resource of a one-off command. It runs as a replica of the service would, in the current release.

    Raises PlanError for an unknown service.
    """
    stack = desired.stack
    if service not in stack.services:
        raise PlanError(f"{stack.name} has no service `{service}`. It has: {', '.join(stack.services)}.")
    running, secrets = current_release(ledger, stack.name), _secrets(ledger, stack.name, desired.content)
    number = running.number if running else 0
    return job(
        stack, address, service, command,
        source=desired.source, secrets=secrets, images=desired.content.images, release=number,
    )  # fmt: skip


def current_release(ledger: Ledger, stack: str) -> Release | None:
    """The release that shall run: the last proven one; the newest while none is proven."""
    return current(ledger.active_releases(stack))


def recorded_spec(ledger: Ledger, name: str) -> tuple[Stack, str]:
    """The recorded spec of a stack and its source folder. Raises UnknownStack."""
    record = ledger.stack_record(name)
    if record is None:
        raise unknown_stack(ledger, name)
    return record.stack(), record.source


def unknown_stack(ledger: Ledger, name: str) -> UnknownStack:
    """The error for an unknown stack. Its message lists the known stacks and says what to do."""
    others = ", ".join(stack.name for stack in ledger.stacks()) or "none yet"
    return UnknownStack(f"No stack is called `{name}`. Known: {others}. Give its file to `tenfold provision` first.")


def is_active(ledger: Ledger, name: str) -> bool:
    """False for a stack that is torn down or unknown."""
    record = ledger.stack_record(name)
    return record is not None and record.wanted


def _secrets(ledger: Ledger, stack: str, manifest: ReleaseManifest) -> dict[str, int]:
    """Secret version by name: that of the manifest if it is readable, else the newest.

    The newest is used for generated secrets and for versions that were erased since.
    """
    readable = ledger.secret_kept(stack)
    newest = {name: versions[-1] for name, versions in readable.items()}
    return newest | {name: version for name, version in manifest.secrets.items() if version in readable.get(name, ())}
