"""The code that services run in a folder of: what it is now, the copies of releases, and which of them stay."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from infra_specs.desired import StackSnapshot
from infra_specs.releases.manifest import ReleaseManifest, with_absolute_paths
from infra_specs.stackfile.models.service import Service
from tasks.providers.seam.provider import KindProvider
from tasks.run.context import RunContext
from tasks.run.fence import fenced


def code_of(provider: KindProvider, snapshot: StackSnapshot) -> tuple[dict[str, str], tuple[str, ...]]:
    """By service what its folder of the spec holds now, and a sentence for each folder that is not copied. Blocks.

    Empty for a target whose programs run in no folder. Changes nothing.
    """
    return code_of_services(provider, snapshot.stack.name, with_absolute_paths(snapshot.stack, snapshot.source))


def code_seen(provider: KindProvider, snapshot: StackSnapshot) -> tuple[dict[str, str], tuple[str, ...]]:
    """As `code_of`, for who only looks: while no release has code to compare with, no file is opened for it."""
    has_code = any(release.content.code for release in snapshot.releases)
    services = with_absolute_paths(snapshot.stack, snapshot.source)
    return code_of_services(provider, snapshot.stack.name, services, is_compared=has_code)


def code_of_services(
    provider: KindProvider, stack: str, services: Mapping[str, Service], *, is_compared: bool = True
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The same of services with whole paths."""
    if provider.code is None:
        return {}, ()
    code, folders = provider.code, {service.folder for service in services.values()}
    contents = {folder: code.content(stack, folder) if is_compared else code.glance(folder) for folder in folders}
    digests = {name: contents[service.folder].digest for name, service in services.items()}
    notes = tuple(content.note for _, content in sorted(contents.items()) if content.note)
    return {name: digest for name, digest in digests.items() if digest}, notes


def with_edited_code(provider: KindProvider, stack: str, manifest: ReleaseManifest, service: str) -> ReleaseManifest:
    """The manifest with the code that is in the folder of this service now, or in all services' without a name. Blocks.

    A service whose folder is not copied has none.
    """
    services = {name: spec for name, spec in manifest.services.items() if service in ("", name)}
    code, _ = code_of_services(provider, stack, services)
    others = {name: digest for name, digest in manifest.code.items() if name not in services}
    return replace(manifest, code={**others, **code})


async def keep_code(context: RunContext, content: ReleaseManifest) -> None:
    """There is a copy of the code of each of a release's services when this returns.

    Raises ProviderError for code that is neither kept nor in its folder.
    """
    if (code := context.provider.code) is None:
        return

    def keep() -> None:
        for name, digest in content.code.items():
            code.keep(context.stack, content.services[name].folder, digest)

    await fenced(context, keep)


async def forget_code(context: RunContext) -> None:
    """Remove the copies that no release has which the ledger keeps."""
    if (code := context.provider.code) is None:
        return
    releases = await asyncio.to_thread(context.ledger.releases.all, context.stack)
    kept = {digest for release in releases for digest in release.content.code.values()}
    await fenced(context, lambda: code.forget(context.stack, kept))
