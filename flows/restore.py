"""Restore: bring the data of a stack back to what a backup holds."""

import asyncio
from time import monotonic

from prefect.logging import get_run_logger

from flows.engine.backups import backup_session
from flows.engine.converge import Report, converge
from flows.engine.frame import frame, open_ledger, stack_session
from flows.provision import provision_stack
from infra_specs.backup.copied import copy_of
from infra_specs.backup.manifest import Manifest
from infra_specs.backup.parts import RestoredParts
from infra_specs.desired import DesiredStack, desired_as_deployed
from infra_specs.errors import ChangeFailed, Fenced, PlanError, TenfoldError
from infra_specs.resources.resource import Resource
from infra_specs.resources.services import WRITERS
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.stack import Stack
from tasks.backups.catalog import find, open_vault, read_manifest
from tasks.backups.context import current
from tasks.backups.restore import exchange, remove_asides, restore_copies
from tasks.backups.sealed import Vault
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.run.context import RunContext
from tasks.stack.record import recorded_spec


@frame
async def restore(  # noqa: PLR0917 - each parameter of the verb
    stack: str, backup: str = "", as_stack: str = "", unproven: bool = False, replace: bool = False, wait: bool = False
) -> Report:
    """Bring the data of a stack back to what a backup holds. What was written since is gone afterwards.

    The backup is restored beside the data and compared first; nobody is disturbed meanwhile. Then the services stop,
    the databases are exchanged, and the services start again. If they do not come back, the data from before is put
    back.

    Args:
        stack: The stack's name.
        backup: The backup's name, as `tenfold backups` shows it. The newest proven one if empty.
        as_stack: Leave the stack alone, and make a copy of it under this name, with no public service.
        unproven: Restore one that is not proven. It is compared all the same.
        replace: Replace the data of a copy that is there already under that name.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with open_ledger() as ledger:
        spec, source = await asyncio.to_thread(recorded_spec, ledger, stack)
        vault = await asyncio.to_thread(open_vault, ledger, spec, settings().home)
        manifest = await asyncio.to_thread(_chosen, vault, stack, backup, unproven=unproven)
        if as_stack:
            await asyncio.to_thread(_refuse_copy, ledger, spec, as_stack, replace=replace)
            await _provision_copy(ledger, spec, as_stack, source, wait=wait)
        return await _restore_into(ledger, as_stack or stack, manifest, wait=wait)


async def _restore_into(ledger: Ledger, stack: str, manifest: Manifest, *, wait: bool) -> Report:
    async with backup_session(ledger, stack, "restore") as context:
        services = ", ".join(context.stack.services)
        get_run_logger().info(
            "%s is restored beside the data of %s first. Then %s stop, for as long as they take to start again.",
            manifest.name, stack, services,
        )  # fmt: skip
        await restore_copies(manifest)
        try:
            async with stack_session(stack, ledger, "restore", wait=wait) as (run_context, snapshot):
                report, seconds = await _put_in_place(run_context, desired_as_deployed(snapshot), manifest)
        except Fenced:
            raise
        except TenfoldError:
            await _remove_restored()
            raise
        await remove_asides("replaced")
    summary = f"{manifest.name} is restored: {manifest.holds}. The services were away for {seconds:.1f} s"
    return Report(stack, summary, report.changes, report.kept, report.links)


async def _remove_restored() -> None:
    """Remove what was restored beside the data. What cannot be removed now is left for the next backup."""
    try:
        await remove_asides("restored")
    except Fenced:
        raise
    except TenfoldError as error:
        get_run_logger().warning("What was restored beside the data is still there: %s", error)


def _refuse_copy(ledger: Ledger, spec: Stack, name: str, *, replace: bool) -> None:
    """Raise PlanError if another stack has the copy's name, or a copy that may not be replaced has it.

    Nobody knows whether a copy was made whole, or what was written into it since.
    """
    if name == spec.name:
        raise PlanError(f"A copy of {name} cannot have its name. Give another one, or leave out --as.")
    record = ledger.stacks.find(name)
    if record is not None and record.stack() != copy_of(spec, name):
        raise PlanError(f"There is a stack {name} already, and it is no copy of {spec.name}. Give another name.")
    if record is not None and not replace:
        raise PlanError(
            f"There is a copy {name} already, and its data would be lost. Give another name, or say that you mean it: "
            f"tenfold restore {spec.name} --as {name} --yes"
        )


async def _provision_copy(ledger: Ledger, spec: Stack, name: str, source: str, *, wait: bool) -> None:
    """Make the copy, or finish one that a killed run began."""
    await asyncio.to_thread(_copy_secrets, ledger, spec, name)
    await provision_stack(ledger, name, (copy_of(spec, name), source), wait=wait)


def _copy_secrets(ledger: Ledger, spec: Stack, name: str) -> None:
    """Those that the file names. What Tenfold makes up, a copy has of its own."""
    versions, present = ledger.secrets.versions(spec.name), ledger.secrets.versions(name)
    for secret in sorted(named_secrets(spec) & versions.keys() - present.keys()):
        ledger.secrets.set(name, secret, ledger.secrets.value(spec.name, secret, versions[secret]))


def _chosen(vault: Vault, stack: str, name: str, *, unproven: bool) -> Manifest:
    """The manifest of the backup to restore. Raises PlanError for one that does not count, unless asked for."""
    backup = find(vault, stack, name)
    if backup.state != "proven" and not unproven:
        raise PlanError(
            f"The backup {backup.name} of {stack} is {backup.state}, not proven: {backup.reason}. To restore it all "
            f"the same: tenfold restore {stack} {backup.name} --unproven"
        )
    return read_manifest(vault, stack, backup.name)


async def _put_in_place(context: RunContext, desired: DesiredStack, manifest: Manifest) -> tuple[Report, float]:
    """Stop the services, exchange, and start them again. Returns how it went and for how many seconds they were away.

    Raises ChangeFailed if they do not come back, once the data from before is in its place again.
    """
    kept = tuple(resource for resource in desired.resources if resource.kind not in WRITERS)
    why = f"the backup {manifest.name} is restored"
    began = monotonic()
    try:
        await converge(context, "restore", f"stop the services, as {why}", kept)
        await _exchange(context, RestoredParts.of(manifest))
        report = await converge(context, "restore", why, desired.resources)
    except Fenced:
        raise
    except TenfoldError as error:
        await _undo(context, desired.resources, RestoredParts.of(manifest), error)
        raise ChangeFailed(f"{error}\nThe data from before is in its place, and nothing of it is lost.") from error
    return report, monotonic() - began


async def _exchange(context: RunContext, parts: RestoredParts, *, back: bool = False) -> None:
    """Exchange, and have the ledger say so meanwhile: whatever ends this run in between, a reconcile takes it back."""
    undos, lease = context.ledger.undos, current().lease
    await asyncio.to_thread(undos.begin, lease, parts)
    await exchange(parts, back=back)
    await asyncio.to_thread(undos.end, lease)


async def _undo(
    context: RunContext, resources: tuple[Resource, ...], parts: RestoredParts, cause: TenfoldError
) -> None:
    """Put the data from before in its place. Raises ChangeFailed if that is not possible: a reconcile does it then."""
    try:
        await _exchange(context, parts, back=True)
    except Fenced:
        raise
    except TenfoldError as error:
        raise ChangeFailed(
            f"{cause}\nNobody knows whether the data from before is in its place: {error}\nNothing of it is lost: mend "
            f"the server, and the next reconcile puts it back: tenfold reconcile {context.stack}"
        ) from cause
    try:
        await converge(context, "restore", "put back what was there before", resources)
    except TenfoldError as error:  # the services may have had a fault before
        get_run_logger().error("%s", error)
