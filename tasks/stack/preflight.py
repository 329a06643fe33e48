"""Everything that is checked before a stack is changed, in one order, for every verb that brings programs.

receivers of alerts -> certificate -> builds -> secrets and sizes -> budget -> images and code
-> whether the programs can start -> whether what waits in a queue fits

`plan` and `provision` take the whole road. A deploy and a rollback leave out what they do not change: the certificate
and the sizes, and a rollback the builds and images too.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from infra_specs.backup.time import backup_notes
from infra_specs.desired import (
    DesiredStack,
    StackSnapshot,
    desired_from_spec,
    desired_with_release,
    one_off_job,
    provision_notes,
    provisioned_manifest,
)
from infra_specs.errors import PlanError
from infra_specs.overview.debts import refuse_expired
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.releases.deploy_options import DeployOptions
from infra_specs.releases.manifest import ReleaseManifest, changed_services, images_named
from infra_specs.resources.address import Address
from infra_specs.sharing.claims import claims_of, refuse_conflicts
from infra_specs.sharing.front import sharing_notes
from infra_specs.stackfile.messages.shell_words import shell_note
from infra_specs.stackfile.models.stack import Stack
from tasks.base.clock import today
from tasks.ledger import Ledger
from tasks.providers.seam.provider import KindProvider
from tasks.stack.addresses import refuse_addresses
from tasks.stack.certificate import check_certificate
from tasks.stack.code import code_seen, with_edited_code
from tasks.stack.commands import command_warnings, takes_folder
from tasks.stack.local_images import local_images
from tasks.stack.preview_builds import build_requests, preview_builds
from tasks.stack.queue_room import refuse_small_queue
from tasks.stack.release import deploy_target


class Steps(Protocol):
    """What is done on the way, or only looked at."""

    @property
    def provider(self) -> KindProvider: ...

    async def receivers(self, stack: Stack) -> None:
        """Raise PlanError for a secret of its alerts that is no address."""

    async def certificate(self, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
        """The snapshot with the certificate of its spec, and a sentence about it. Raises PlanError for a bad one."""

    async def build(self, snapshot: StackSnapshot) -> tuple[Stack, tuple[str, ...]]:
        """The spec with the images of its builds, and what is to be known of them."""

    def code(self, snapshot: StackSnapshot) -> tuple[dict[str, str], tuple[str, ...]]:
        """By service what its folder holds now, and a sentence for each folder that is not copied. Blocks."""

    async def images(self, stack: Stack, names: Iterable[str]) -> Mapping[str, str]:
        """Image id by name. Empty for a target that holds no images."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stack that passed every check. `notes`: sentences about its certificate, builds, rollbacks and code."""

    snapshot: StackSnapshot
    desired: DesiredStack
    images: Mapping[str, str]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    """Sentences about commands that may do something else than their writer meant."""
    code: Mapping[str, str] = field(default_factory=dict)
    """By service what its folder of the spec holds, where the spec was read."""


async def prepare(steps: Steps, snapshot: StackSnapshot, *, within_limits: bool = True) -> Prepared:
    """Check a stack before it is changed, and decide what it shall be.

    With `within_limits` a price over the budget is refused, and before any image is fetched; and so is an expired debt
    of a stack that it blocks. Raises PlanError for what cannot be built, and the errors of `steps`.
    """
    if within_limits:
        refuse_expired(snapshot.stack, today())
    await steps.receivers(snapshot.stack)
    snapshot, certificate = await steps.certificate(snapshot)
    stack, builds = await steps.build(snapshot)
    snapshot = snapshot.with_stack(stack)
    refuse_conflicts(claims_of(stack), snapshot.hosts.of_others(stack.name))
    names = images_named(provisioned_manifest(snapshot).services.values())
    code, in_place = await asyncio.to_thread(steps.code, snapshot)
    sharing = sharing_notes(claims_of(stack), snapshot.hosts)
    notes = (*((certificate,) if certificate else ()), *builds, *in_place, *provision_notes(snapshot), *sharing)
    notes = (*notes, *backup_notes(stack))
    candidate = _Candidate(
        snapshot, lambda images: provisioned_manifest(snapshot, images, code), names, tuple(stack.services),
        "as its file stands",
    )  # fmt: skip
    prepared = await _prepared(steps, candidate, notes, within_limits=within_limits)
    await asyncio.to_thread(refuse_small_queue, steps.provider, prepared.desired)
    return replace(prepared, code=code)


async def prepare_deploy(steps: Steps, snapshot: StackSnapshot, options: DeployOptions) -> Prepared:
    """As `prepare`, for a deploy: with the certificate of now, and only the services that it changes must start.

    Raises PlanError or SpecError for options that cannot be meant, before anything is built or fetched.
    """
    refuse_expired(snapshot.stack, today())
    manifest, notes = deploy_target(snapshot, options), tuple[str, ...]()
    if options.build:
        file, notes = await steps.build(snapshot)
        manifest = deploy_target(snapshot, options, file=file)
    manifest = await asyncio.to_thread(with_edited_code, steps.provider, snapshot.stack.name, manifest, options.service)
    names = images_named(manifest.services.values()) & {options.image}

    def with_ids(images: Mapping[str, str]) -> ReleaseManifest:
        return replace(manifest, images={**manifest.images, **images})

    changed = _changed(snapshot, manifest)
    return await _prepared(steps, _Candidate(snapshot, with_ids, names, changed, "as this deploy would have it"), notes)


async def prepare_rollback(steps: Steps, snapshot: StackSnapshot, content: ReleaseManifest) -> Prepared:
    """As `prepare_deploy`, for a release that was proven before: nothing is built or fetched for it."""
    changed = _changed(snapshot, content)
    return await _prepared(
        steps, _Candidate(snapshot, lambda _: content, frozenset(), changed, "as that release would have it")
    )


@dataclass(frozen=True, slots=True)
class _Candidate:
    """The release that a stack shall run, once the ids of `names` are known, and the services that begin anew.

    `how` completes the sentence that a stack can never start.
    """

    snapshot: StackSnapshot
    manifest: Callable[[Mapping[str, str]], ReleaseManifest]
    names: frozenset[str]
    services: tuple[str, ...]
    how: str


async def _prepared(
    steps: Steps, candidate: _Candidate, notes: tuple[str, ...] = (), *, within_limits: bool = True
) -> Prepared:
    snapshot, stack = candidate.snapshot, candidate.snapshot.stack
    if within_limits and candidate.names and stack.budget is not None:
        refuse_over_budget(stack.name, desired_with_release(snapshot, candidate.manifest({})).price)
    images = await steps.images(stack, candidate.names)
    desired = desired_with_release(snapshot, candidate.manifest(images))
    if within_limits:
        refuse_over_budget(stack.name, desired.price)
    await asyncio.to_thread(_refuse_unstartable, steps.provider, candidate, desired)
    warnings = await asyncio.to_thread(command_warnings, steps.provider, snapshot, desired, candidate.services)
    return Prepared(snapshot, desired, images, notes, warnings)


def _changed(snapshot: StackSnapshot, content: ReleaseManifest) -> tuple[str, ...]:
    return tuple(changed_services(snapshot.current.content if snapshot.current else None, content))


@dataclass(frozen=True, slots=True)
class Preview:
    """Looks only: nothing is stored, built or fetched."""

    ledger: Ledger
    provider: KindProvider

    async def receivers(self, stack: Stack) -> None:
        await asyncio.to_thread(refuse_addresses, self.ledger, stack)

    async def certificate(self, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
        return snapshot, check_certificate(self.ledger, snapshot)

    async def build(self, snapshot: StackSnapshot) -> tuple[Stack, tuple[str, ...]]:
        return preview_builds(self.provider, snapshot.stack, snapshot.source)

    def code(self, snapshot: StackSnapshot) -> tuple[dict[str, str], tuple[str, ...]]:
        return code_seen(self.provider, snapshot)

    async def images(self, stack: Stack, names: Iterable[str]) -> Mapping[str, str]:
        return local_images(self.provider, stack, names)


def refuse_unseen(ledger: Ledger, provider: KindProvider, snapshot: StackSnapshot) -> None:
    """Raise what `prepare` would raise, as far as it shows without a question to the target. Blocks. Changes nothing.

    ProviderError for a folder that cannot be built, and PlanError for the rest.
    """
    stack = snapshot.stack
    check_certificate(ledger, snapshot)
    for request in build_requests(stack, snapshot.source).values():
        if provider.images is not None:
            provider.images.build_warning(request)
    refuse_conflicts(claims_of(stack), snapshot.hosts.of_others(stack.name))
    refuse_over_budget(stack.name, desired_from_spec(snapshot).price)


def _refuse_unstartable(provider: KindProvider, candidate: _Candidate, desired: DesiredStack) -> None:
    """Raise PlanError that names every new service whose program cannot start on this target, and why. Blocks.

    If a service has a `before` command, only that command is checked: it may create the service's own program.
    """
    if faults := list(_faults(provider, candidate, desired)):
        head = f"{desired.stack.name} can never start {candidate.how}, so nothing was touched:"
        raise PlanError("\n".join([head, *faults]))


def _faults(provider: KindProvider, candidate: _Candidate, desired: DesiredStack) -> Iterator[str]:
    snapshot = candidate.snapshot
    for name in candidate.services:
        service = desired.stack.services.get(name)
        if service is None:  # the release that a rollback brought back has no such service
            continue
        key, command_line = ("before", service.before) if service.before else ("command", service.command)
        if command_line is not None and (
            fault := provider.fault(one_off_job(snapshot, desired, Address("job", key, name), name, command_line))
        ):
            yield f"  services.{name}.{key}: {fault}"
            if note := shell_note(key, command_line, takes_folder=takes_folder(desired, service)):
                yield f"    {note}"
