"""Provision: make a stack what its spec says."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect.logging import get_run_logger

from flows.engine.certificates import with_certificates
from flows.engine.converge import Report
from flows.engine.early import probe_store
from flows.engine.frame import frame, open_ledger, stack_session
from flows.engine.front import with_front
from flows.engine.leaving import let_hosts_leave
from flows.engine.rollout import restore_healthy, roll_out
from infra_specs.catalogue.desired import generated_secrets
from infra_specs.desired import StackSnapshot, host_claims, manifest_of_file
from infra_specs.errors import ChangeFailed, Fenced, SpecError, TenfoldError
from infra_specs.releases.differences import summary
from infra_specs.releases.selection import ReleaseState
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.backups.undo import refuse_undo
from tasks.changes.artifacts import show_sizing
from tasks.ledger import Ledger
from tasks.run.context import RunContext
from tasks.stack.code import forget_code, keep_code
from tasks.stack.preflight import Prepared, prepare
from tasks.stack.preparation import Preparation


@frame
async def provision(
    stack: str = "",
    spec: dict[str, Any] = {},  # noqa: B006 - nobody changes it, and the form shows a default of None as a fault
    source: str = "",
    wait: bool = False,
) -> Report:
    """Build a stack, or bring it to what its spec says now. Running it again changes nothing more.

    Args:
        stack: The name of a stack that was provisioned before. Empty if you give a spec.
        spec: Or the whole stack, as its file says but in JSON: the first time, and whenever it shall change.
        source: The folder that relative paths of the spec start at. Your home directory unless given.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with open_ledger() as ledger:
        given = _given_spec(stack, spec, source)
        return await provision_stack(ledger, given[0].name if given else stack, given, wait=wait)


async def provision_stack(
    ledger: Ledger,
    name: str,
    given: tuple[Stack, str] | None,
    *,
    change: Callable[[Stack], Stack] = lambda stack: stack,
    wait: bool,
) -> Report:
    """Provision the given spec and folder, or those of the ledger, after `change` was applied to the spec."""
    async with stack_session(name, ledger, "provision", asked=given, change=change, wait=wait) as (context, read):
        await asyncio.to_thread(refuse_undo, ledger, name)
        prepared = await prepare(Preparation(context), read)
        await probe_store(ledger, prepared.snapshot.stack)
        for note in prepared.notes:
            get_run_logger().info("%s", note)
        snapshot = await asyncio.to_thread(_record, context, prepared.snapshot, prepared.desired.stack)
        await show_sizing(prepared.desired)
        await with_front(context, snapshot)
        report = await _build(context, replace(prepared, snapshot=snapshot))
        await with_front(context, snapshot)
        report = await with_certificates(context, snapshot, "provision", prepared.desired.content, report)
    await let_hosts_leave(ledger, snapshot.stack)
    return report


def _record(context: RunContext, snapshot: StackSnapshot, running: Stack) -> StackSnapshot:
    """Generate the secrets that the spec needs and that are missing, and record the spec as desired, with its hosts.

    In this order: a recorded spec whose secrets are missing cannot be repaired by a reconcile. Returns the snapshot
    with these secrets, as a run that was cut off after this finds it.
    """
    ledger, lease, spec = context.ledger, context.lease, snapshot.stack
    for secret in generated_secrets(spec):
        if secret not in snapshot.secret_versions:
            snapshot = snapshot.with_secret(secret, ledger.secrets.ensure(lease, spec.name, secret))
    data, claims = spec.model_dump(mode="json", by_alias=True), host_claims(snapshot, running)
    ledger.stacks.set_desired(lease, spec.name, data, snapshot.source, claims=claims)
    return snapshot


async def _build(context: RunContext, prepared: Prepared) -> Report:
    """Restore the current release if it has the same manifest, else roll out a new one.

    A failed release stays until the next reconcile restores the last proven one."""
    ledger, snapshot, desired = context.ledger, prepared.snapshot, prepared.desired
    await keep_code(context, desired.content)
    running, file = snapshot.current, manifest_of_file(snapshot, prepared.images, prepared.code)
    if running and running.state is ReleaseState.HEALTHY and running.content == desired.content:
        if running.file != file:
            await asyncio.to_thread(ledger.releases.refile, context.lease, running.number, file)
        return await restore_healthy(context, snapshot, "provision", "asked for", desired)
    for warning in prepared.warnings:
        get_run_logger().warning("%s", warning)
    reason = summary(running.content, desired.content) if running else "the first"
    new = await asyncio.to_thread(
        ledger.releases.begin, context.lease, "provision", reason, content=desired.content, file=file
    )
    await forget_code(context)
    try:
        return await roll_out(context, snapshot, "asked for", new, desired)
    except Fenced:
        raise
    except TenfoldError as error:
        await asyncio.to_thread(ledger.releases.end, context.lease, new.number, ReleaseState.FAILED, str(error))
        if running and running.state is ReleaseState.HEALTHY:
            raise ChangeFailed(
                f"{error}\n{new} is not proven: the timer goes back to {running}, unless a mended file is provisioned."
            ) from error
        raise


def _given_spec(stack: str, spec: dict[str, Any], source: str) -> tuple[Stack, str] | None:
    """The given spec and its folder; None if only a name is given, for the spec of the ledger."""
    if spec:
        parsed = from_data(spec, "spec")
        if stack and stack != parsed.name:
            raise SpecError(f"The run names the stack `{stack}` and the spec `{parsed.name}`. Give one of the two.")
        return parsed, _folder(source)
    if not stack:
        raise SpecError("Give the name of a stack that was provisioned before, or a whole spec.")
    return None


def _folder(source: str) -> str:
    # Flows run in a folder of their own, so a relative path would have another meaning.
    folder = Path(source or "~").expanduser()
    if not folder.is_absolute():
        raise SpecError(f"source: found `{source}`; give the whole path of the folder, from / on.")
    return str(folder)
