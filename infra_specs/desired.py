"""What a stack shall be now: decided from one snapshot of its record, and from nothing else.

    record ─▶ manifest of the file ──┐
       └────▶ current release ───────┴ merged ─▶ manifest ─▶ sizes, price, resources

Equal records give equal answers. Nothing here asks the ledger or a target.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from infra_specs.catalogue.desired import desired_state
from infra_specs.catalogue.job import before_jobs, job
from infra_specs.errors import PlanError
from infra_specs.pricing.price import Price, price
from infra_specs.releases.manifest import ReleaseManifest, apply_to, changed_services, manifest_of, with_absolute_paths
from infra_specs.releases.merge import merged, with_secrets
from infra_specs.releases.selection import ReleaseState, current
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Resource
from infra_specs.sizing.size import Sizing, size
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack


class StoredRelease(Protocol):
    """A release as the ledger keeps it, as far as a decision needs it."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> ReleaseState: ...
    @property
    def verb(self) -> str: ...
    @property
    def content(self) -> ReleaseManifest: ...
    @property
    def file(self) -> ReleaseManifest: ...


@dataclass(frozen=True, slots=True)
class StackRecord:
    """Everything that is known of a stack at one moment, read at once; a frozen snapshot.

    `releases` come newest first; the newest and the last healthy one are enough. `secret_versions` are by name all
    versions that can still be read, the newest last.
    """

    stack: Stack
    """The spec: as the ledger has it, or as it was given to this run."""
    source: str
    """The folder that relative paths of the spec start at."""
    overrides: Mapping[str, int] = field(default_factory=dict)
    """Service -> the number of replicas that was asked for over the spec."""
    releases: Sequence[StoredRelease] = ()
    secret_versions: Mapping[str, Sequence[int]] = field(default_factory=dict)
    is_torn_down: bool = False
    """That a teardown was the last that was asked for. False for a stack that the ledger does not know."""

    @property
    def current(self) -> StoredRelease | None:
        """The release that shall run: the last healthy one, or while there is none the newest."""
        return current(self.releases)

    def with_replicas(self, counts: Mapping[str, int]) -> "StackRecord":
        """The same record with other numbers of replicas asked for."""
        return replace(self, overrides={**self.overrides, **counts})


@dataclass(frozen=True, slots=True)
class DesiredStack:
    """A stack with everything decided: what it runs, its sizes, its price, and the resources that shall exist."""

    stack: Stack
    """The spec, with the services as they shall run."""
    source: str
    """The folder that relative paths of the spec start at."""
    content: ReleaseManifest
    """What a release of it holds."""
    sizing: Sizing
    price: Price
    resources: tuple[Resource, ...]


def desired(record: StackRecord, images: Mapping[str, str] | None = None) -> DesiredStack:
    """What a provision makes of the stack: its file over what is deployed.

    `images` are the ids that the services' images have now, by name; they win over those of what is deployed.
    Raises PlanError for what cannot be built: a missing secret, more replicas than sense.
    """
    return desired_with_release(record, provisioned_manifest(record, images))


def desired_as_deployed(record: StackRecord) -> DesiredStack:
    """The stack as it was deployed last and proven; as the spec says while nothing was.

    A spec that was provisioned and failed changes no service. Raises PlanError as `desired` does.
    """
    return desired_with_release(record, record.current.content) if record.current else desired(record)


def desired_with_release(record: StackRecord, release: ReleaseManifest) -> DesiredStack:
    """The stack with this content. Raises PlanError as `desired` does."""
    runs = apply_to(record.stack, release)
    sizing = size(runs)
    resources = desired_state(
        runs, sizing,
        counts=record.overrides, secrets=versions_of(record, release), source=record.source, images=release.images,
    )  # fmt: skip
    return DesiredStack(runs, record.source, release, sizing, price(runs, sizing, resources), resources)


def manifest_of_file(record: StackRecord, images: Mapping[str, str] | None = None) -> ReleaseManifest:
    """What the spec says now, and the newest version of every secret that there is."""
    newest = {name: versions[-1] for name, versions in record.secret_versions.items()}
    return ReleaseManifest(with_absolute_paths(record.stack, record.source), newest, images or {})


def provisioned_manifest(record: StackRecord, images: Mapping[str, str] | None = None) -> ReleaseManifest:
    """What a release of the spec as it stands now would hold: the file over what is deployed."""
    file, current = manifest_of_file(record, images), record.current
    if current is None:
        return manifest_of(file.services, file.secrets, file.images)
    return merged(current.file, file, current.content)


def with_newest_secrets(record: StackRecord, services: Mapping[str, Service]) -> ReleaseManifest:
    """Services with the versions of their secrets that run, or newer ones that were set since."""
    newest, current = manifest_of_file(record), record.current
    if current is None:
        return manifest_of(services, newest.secrets)
    return with_secrets(services, current.file, newest, current.content)


def release_jobs(record: StackRecord, desired_stack: DesiredStack, release: StoredRelease) -> tuple[Resource, ...]:
    """The jobs that must end well before the replicas of this release get traffic: of the services that it changes.

    A rollback runs none: what they did to the data was done when that release was new, and is not taken back.
    """
    if release.verb == "rollback":
        return ()
    healthy = next((known for known in record.releases if known.state is ReleaseState.HEALTHY), None)
    changed = changed_services(healthy.content if healthy else None, release.content)
    jobs = before_jobs(
        desired_stack.stack, source=record.source, secrets=versions_of(record, release.content),
        images=release.content.images, release=release.number,
    )  # fmt: skip
    return tuple(resource for resource in jobs if resource.settings["service"] in changed)


def one_off_job(
    record: StackRecord, desired_stack: DesiredStack, address: Address, service: str, command: Sequence[str]
) -> Resource:
    """A command to be run once as a replica of a service would be, in the release that runs.

    Raises PlanError for a service that there is not.
    """
    stack, release = desired_stack.stack, desired_stack.content
    if service not in stack.services:
        raise PlanError(f"{stack.name} has no service `{service}`. It has: {', '.join(stack.services)}.")
    return job(
        stack, address, service, command, source=record.source, secrets=versions_of(record, release),
        images=release.images, release=record.current.number if record.current else 0,
    )  # fmt: skip


def versions_of(record: StackRecord, release: ReleaseManifest) -> dict[str, int]:
    """The versions of secrets that a release is given: its own, and of all others the newest.

    Others are those that Tenfold makes up, and those whose version in the release was erased since.
    """
    kept = record.secret_versions
    own = {name: version for name, version in release.secrets.items() if version in kept.get(name, ())}
    return {name: versions[-1] for name, versions in kept.items()} | own
