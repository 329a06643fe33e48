"""What a stack shall be now: decided from one snapshot of its record, and from nothing else.

    snapshot ─▶ manifest of the file ──┐
       └─────▶ current release ──────┴ merged ─▶ manifest ─▶ sizes, price, resources

Equal snapshots give equal answers. Nothing here asks the ledger or a target.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from infra_specs.catalogue.desired import desired_state
from infra_specs.catalogue.job import before_jobs, job
from infra_specs.catalogue.web import certificate_secret
from infra_specs.certificates.host_certificate import HostCertificate
from infra_specs.errors import PlanError
from infra_specs.pricing.aws.choose import with_recipe
from infra_specs.pricing.price import Price, price, replica_price
from infra_specs.releases.manifest import (
    ReleaseManifest,
    apply_to,
    changed_services,
    manifest_of,
    service_faults,
    with_absolute_paths,
)
from infra_specs.releases.merge import merged, with_secrets
from infra_specs.releases.rollback_notes import rollback_notes
from infra_specs.releases.selection import NumberedRelease, ReleaseState, current
from infra_specs.releases.watch import Watch
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Resource
from infra_specs.resources.services import service_of
from infra_specs.sharing.claims import Claims, claims_of, without_conflicts
from infra_specs.sharing.front import ClaimedHosts, ports_behind
from infra_specs.sizing.size import Sizing, size
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack


class StoredRelease(NumberedRelease, Protocol):
    """A release as the ledger keeps it, as far as a decision needs it."""

    @property
    def passed(self) -> int: ...
    @property
    def file(self) -> ReleaseManifest: ...
    @property
    def message(self) -> str: ...
    @property
    def watch(self) -> Watch | None: ...


@dataclass(frozen=True, slots=True)
class StackSnapshot:
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
    certificates: Mapping[str, HostCertificate] = field(default_factory=dict)
    """Host -> what is known of its certificate, where these are fetched."""
    hosts: ClaimedHosts = field(default_factory=ClaimedHosts)
    """Which stack of all has which host, and the ports that fronts have."""
    recorded_target: str | None = None
    """The provider that the ledger has for the stack; None for a stack that the ledger does not know."""
    is_active: bool = False
    """Whether the ledger knows the stack, and no teardown came after its last provision."""

    @property
    def current(self) -> StoredRelease | None:
        """The release that should run: the newest healthy one, or the newest of all while none is healthy."""
        return current(self.releases)

    @property
    def healthy(self) -> StoredRelease | None:
        """The newest healthy release."""
        return next((release for release in self.releases if release.state is ReleaseState.HEALTHY), None)

    def with_stack(self, stack: Stack) -> "StackSnapshot":
        """The same snapshot with another spec."""
        return replace(self, stack=stack)

    def with_replicas(self, counts: Mapping[str, int]) -> "StackSnapshot":
        """The same snapshot with other numbers of replicas asked for."""
        return replace(self, overrides={**self.overrides, **counts})

    @property
    def held_certificates(self) -> Mapping[str, HostCertificate]:
        """Host -> what is known of its certificate; one whose secret was removed since is as none."""
        return {
            host: known
            if known.version in self.secret_versions.get(certificate_secret(host), ())
            else replace(known, version=None)
            for host, known in self.certificates.items()
        }

    def without_secret(self, name: str) -> "StackSnapshot":
        """The same snapshot with a secret erased."""
        versions = {other: kept for other, kept in self.secret_versions.items() if other != name}
        return replace(self, secret_versions=versions)

    def with_secret(self, name: str, version: int) -> "StackSnapshot":
        """The same snapshot with a version of a secret that was set since."""
        versions = (*self.secret_versions.get(name, ()), version)
        return replace(self, secret_versions={**self.secret_versions, name: versions})


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


def desired_from_spec(
    snapshot: StackSnapshot, images: Mapping[str, str] | None = None, code: Mapping[str, str] | None = None
) -> DesiredStack:
    """What a provision makes of the stack: its file over what is deployed.

    `images` are the ids that the services' images have now, by name, and `code` what their folders hold now, by
    service; they win over those of what is deployed.
    Raises PlanError for what cannot be built: a missing secret, more replicas than sense.
    """
    return desired_with_release(snapshot, provisioned_manifest(snapshot, images, code))


def desired_as_deployed(snapshot: StackSnapshot) -> DesiredStack:
    """The stack as it was deployed last and proven; as the spec says while nothing was.

    A spec that was provisioned and failed changes no service. Raises PlanError as `desired_from_spec` does.
    """
    current = snapshot.current
    return desired_with_release(snapshot, current.content) if current else desired_from_spec(snapshot)


def desired_with_release(snapshot: StackSnapshot, release: ReleaseManifest) -> DesiredStack:
    """The stack with this content. Raises PlanError as `desired_from_spec` does."""
    runs = with_recipe(apply_to(snapshot.stack, release))
    sizing = size(runs)
    secrets = versions_of(snapshot, release)
    resources = desired_state(
        runs, sizing, counts=snapshot.overrides, secrets=secrets, source=snapshot.source, images=release.images,
        code=release.code, certificates=snapshot.held_certificates,
        behind=ports_behind(claims_of(snapshot.stack, runs), snapshot.hosts),
    )  # fmt: skip
    cost = price(runs, sizing, resources)
    return DesiredStack(runs, snapshot.source, release, sizing, cost, _within_budget(runs, cost, resources))


def _within_budget(stack: Stack, cost: Price, resources: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """The resources; where the budget pays for no copy more, a copy that is not ready gets none beside it."""

    def bounded(resource: Resource) -> Resource:
        service = service_of(resource.address)
        if resource.patience is None or service is None or cost.budget is None or cost.today is None:
            return resource
        if cost.today + (replica_price(stack, service) or 0.0) <= cost.budget:
            return resource
        return replace(resource, patience=replace(resource.patience, most_copies=0))

    return tuple(map(bounded, resources))


def manifest_of_file(
    snapshot: StackSnapshot, images: Mapping[str, str] | None = None, code: Mapping[str, str] | None = None
) -> ReleaseManifest:
    """What the spec says now, and the newest version of every secret that there is."""
    services = with_absolute_paths(snapshot.stack, snapshot.source)
    return ReleaseManifest(services, newest_secrets(snapshot), images or {}, code or {})


def provisioned_manifest(
    snapshot: StackSnapshot, images: Mapping[str, str] | None = None, code: Mapping[str, str] | None = None
) -> ReleaseManifest:
    """What a release of the spec as it stands now would hold: the file over what is deployed."""
    file, current = manifest_of_file(snapshot, images, code), snapshot.current
    if current is None:
        return manifest_of(file.services, file.secrets, file.images, file.code)
    manifest = merged(current.file, file, current.content, partial(service_faults, snapshot.stack))
    # A folder that holds too much by now is copied no more.
    in_place = file.services.keys() - code.keys() if code is not None else frozenset[str]()
    return replace(manifest, code={name: held for name, held in manifest.code.items() if name not in in_place})


def provision_notes(snapshot: StackSnapshot) -> tuple[str, ...]:
    """What is to be known of a provision of the spec, after a rollback: what stands, and what yields to the file."""
    if (current := snapshot.current) is None:
        return ()
    faults = partial(service_faults, snapshot.stack)
    return rollback_notes(current.file, manifest_of_file(snapshot), current.content, faults)


def with_newest_secrets(snapshot: StackSnapshot, services: Mapping[str, Service]) -> ReleaseManifest:
    """Services with the versions of their secrets that run, or newer ones that were set since."""
    newest, current = manifest_of_file(snapshot), snapshot.current
    if current is None:
        return manifest_of(services, newest.secrets)
    return with_secrets(services, current.file, newest, current.content)


def refuse_changed_target(snapshot: StackSnapshot) -> None:
    """Raise PlanError if the spec names another target than the one that the stack is on."""
    name, recorded, target = snapshot.stack.name, snapshot.recorded_target, snapshot.stack.target.provider
    if recorded is None or recorded == target:
        return
    state = f"runs on target {recorded}" if snapshot.is_active else f"was torn down on target {recorded}, with its data"
    raise PlanError(
        f"{name} {state}, and the spec says {target}. A target is not changed in place, and no data moves by itself. "
        f"Give the stack on {target} another name; or write {recorded} again to go on with this one."
    )


def host_claims(snapshot: StackSnapshot, running: Stack) -> Claims:
    """The hosts that a stack claims when it comes to run this: those of its file, too, and of what it ran last.

    To that it goes back if this fails. It lays no claim to what another stack has by now.
    """
    own = claims_of(snapshot.stack, running)
    try:
        before = apply_to(snapshot.stack, snapshot.current.content) if snapshot.current else snapshot.stack
    except PlanError:  # it fits the file no more
        return own
    earlier = without_conflicts(claims_of(before), snapshot.hosts.of_others(snapshot.stack.name))
    places = {(claim.port, claim.host) for claim in own.hosts}
    kept = (claim for claim in earlier.hosts if (claim.port, claim.host) not in places)
    return Claims(tuple(sorted((*own.hosts, *kept))))


def release_jobs(snapshot: StackSnapshot, desired_stack: DesiredStack, release: StoredRelease) -> tuple[Resource, ...]:
    """The jobs that must end well before the replicas of this release get traffic: of the services that it changes.

    A rollback runs none: what they did to the data was done when that release was new, and is not taken back.
    """
    if release.verb == "rollback":
        return ()
    changed = changed_services(snapshot.healthy.content if snapshot.healthy else None, release.content)
    jobs = before_jobs(
        desired_stack.stack, source=snapshot.source, secrets=versions_of(snapshot, release.content),
        images=release.content.images, code=release.content.code, release=release.number,
    )  # fmt: skip
    return tuple(resource for resource in jobs if resource.settings["service"] in changed)


def before_notes(snapshot: StackSnapshot, desired_stack: DesiredStack) -> tuple[str, ...]:
    """A sentence for each `before` command that a provision would run, which is in no plan of resources."""
    changed = changed_services(snapshot.healthy.content if snapshot.healthy else None, desired_stack.content)
    commands = {name: desired_stack.stack.services[name].before for name in changed}
    return tuple(
        f"{name}: {shlex.join(command)} runs once, to its end, before the new replicas"
        for name, command in commands.items()
        if command is not None
    )


def one_off_job(
    snapshot: StackSnapshot,
    desired_stack: DesiredStack,
    address: Address,
    service: str,
    command: Sequence[str],
    *,
    entrypoint: Sequence[str] | None = None,
) -> Resource:
    """A command to be run once as a replica of a service would be, in the release that runs.

    It is given to `entrypoint`, or to the service's own if that is None; an empty one is none.
    Raises PlanError for a service that there is not.
    """
    stack, release = desired_stack.stack, desired_stack.content
    stack.service(service)  # raises for an unknown service
    return job(
        stack, address, service, command, source=snapshot.source, secrets=versions_of(snapshot, release),
        images=release.images, code=release.code, release=snapshot.current.number if snapshot.current else 0,
        entrypoint=entrypoint,
    )  # fmt: skip


def versions_of(snapshot: StackSnapshot, release: ReleaseManifest) -> dict[str, int]:
    """The versions of secrets that a release is given: its own, and of all others the newest.

    Others are those that Tenfold makes up, and those whose version in the release was erased since.
    """
    kept = snapshot.secret_versions
    own = {name: version for name, version in release.secrets.items() if version in kept.get(name, ())}
    return newest_secrets(snapshot) | own


def newest_secrets(snapshot: StackSnapshot) -> dict[str, int]:
    """Secret name -> its newest version."""
    return {name: versions[-1] for name, versions in snapshot.secret_versions.items()}
