"""Everything that is checked before a stack is changed, in one order, for `plan`, `provision` and the command line.

certificate -> builds -> secrets and sizes -> budget -> images -> whether the programs can start
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from infra_specs.desired import DesiredStack, StackSnapshot, desired_from_spec, one_off_job, provisioned_manifest
from infra_specs.errors import PlanError
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.releases.manifest import images_named
from infra_specs.resources.address import Address
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Ledger
from tasks.providers.seam.provider import KindProvider
from tasks.run.context import RunContext
from tasks.stack.build import with_built_images
from tasks.stack.certificate import check_certificate, keep_certificate
from tasks.stack.images import local_images, resolve_images
from tasks.stack.preview_builds import preview_builds


class Steps(Protocol):
    """What is done on the way, or only looked at."""

    @property
    def provider(self) -> KindProvider: ...

    async def certificate(self, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
        """The snapshot with the certificate of its spec, and a sentence about it. Raises PlanError for a bad one."""

    async def build(self, snapshot: StackSnapshot) -> tuple[Stack, tuple[str, ...]]:
        """The spec with the images of its builds, and what is to be known of them."""

    async def images(self, stack: Stack, names: Iterable[str]) -> Mapping[str, str]:
        """Image id by name. Empty for a target that holds no images."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A stack that passed every check. `notes`: sentences about its certificate and its builds."""

    snapshot: StackSnapshot
    desired: DesiredStack
    images: Mapping[str, str]
    notes: tuple[str, ...]


async def prepare(steps: Steps, snapshot: StackSnapshot, *, within_budget: bool = True) -> Prepared:
    """Check a stack before it is changed, and decide what it shall be.

    With `within_budget` a price over the budget is refused, and before any image is fetched. Raises PlanError for
    what cannot be built, and the errors of `steps`.
    """
    snapshot, certificate = await steps.certificate(snapshot)
    stack, builds = await steps.build(snapshot)
    snapshot = snapshot.with_stack(stack)
    names = images_named(provisioned_manifest(snapshot).services.values())
    if within_budget and names and stack.budget is not None:
        refuse_over_budget(stack.name, desired_from_spec(snapshot).price)
    images = await steps.images(stack, names)
    desired = desired_from_spec(snapshot, images)
    if within_budget:
        refuse_over_budget(stack.name, desired.price)
    await asyncio.to_thread(refuse_unstartable, steps.provider, snapshot, desired)
    return Prepared(snapshot, desired, images, (*((certificate,) if certificate else ()), *builds))


@dataclass(frozen=True, slots=True)
class Preview:
    """Looks only: nothing is stored, built or fetched."""

    ledger: Ledger
    provider: KindProvider

    async def certificate(self, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
        return snapshot, check_certificate(self.ledger, snapshot)

    async def build(self, snapshot: StackSnapshot) -> tuple[Stack, tuple[str, ...]]:
        return preview_builds(self.provider, snapshot.stack, snapshot.source)

    async def images(self, stack: Stack, names: Iterable[str]) -> Mapping[str, str]:
        return local_images(self.provider, stack, names)


@dataclass(frozen=True, slots=True)
class Preparation:
    """Stores the certificate, builds and fetches images, under the lock of a run."""

    context: RunContext

    @property
    def provider(self) -> KindProvider:
        return self.context.provider

    async def certificate(self, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
        return await asyncio.to_thread(keep_certificate, self.context.ledger, self.context.lease, snapshot)

    async def build(self, snapshot: StackSnapshot) -> tuple[Stack, tuple[str, ...]]:
        return await with_built_images(self.context, snapshot.stack, snapshot.source), ()

    async def images(self, stack: Stack, names: Iterable[str]) -> Mapping[str, str]:
        return await resolve_images(self.context, stack, names)


def refuse_unstartable(provider: KindProvider, snapshot: StackSnapshot, desired: DesiredStack) -> None:
    """Raise PlanError that names every service whose program cannot start on this target, and why. Blocks.

    If a service has a `before` command, only that command is checked: it may create the service's own program.
    """
    if faults := list(_faults(provider, snapshot, desired)):
        raise PlanError(
            "\n".join([f"{desired.stack.name} can never start as its file stands, so nothing was touched:", *faults])
        )


def _faults(provider: KindProvider, snapshot: StackSnapshot, desired: DesiredStack) -> Iterator[str]:
    for name, service in desired.stack.services.items():
        key, command_line = ("before", service.before) if service.before else ("command", service.command)
        if command_line is not None and (
            fault := provider.fault(one_off_job(snapshot, desired, Address("job", key, name), name, command_line))
        ):
            yield f"  services.{name}.{key}: {fault}"
