"""The steps of a preflight as a run takes them: what a preview only looks at is stored, built and fetched."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infra_specs.desired import StackSnapshot
from infra_specs.stackfile.models.stack import Stack
from tasks.providers.seam.provider import KindProvider
from tasks.run.context import RunContext
from tasks.stack.addresses import refuse_addresses
from tasks.stack.build import with_built_images
from tasks.stack.certificate import keep_certificate
from tasks.stack.code import code_of
from tasks.stack.images import resolve_images


@dataclass(frozen=True, slots=True)
class Preparation:
    """Stores the certificate, builds and fetches images, under the lock of a run."""

    context: RunContext

    @property
    def provider(self) -> KindProvider:
        return self.context.provider

    async def receivers(self, stack: Stack) -> None:
        await asyncio.to_thread(refuse_addresses, self.context.ledger, stack)

    async def certificate(self, snapshot: StackSnapshot) -> tuple[StackSnapshot, str]:
        return await asyncio.to_thread(keep_certificate, self.context.ledger, self.context.lease, snapshot)

    async def build(self, snapshot: StackSnapshot) -> tuple[Stack, tuple[str, ...]]:
        return await with_built_images(self.context, snapshot.stack, snapshot.source), ()

    def code(self, snapshot: StackSnapshot) -> tuple[dict[str, str], tuple[str, ...]]:
        return code_of(self.provider, snapshot)

    async def images(self, stack: Stack, names: Iterable[str]) -> Mapping[str, str]:
        return await resolve_images(self.context, stack, names)
