"""Provision: make a stack what its spec says."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect.logging import get_run_logger

from flows.engine.converge import Report
from flows.engine.frame import on_site, opened_ledger, runbook
from flows.engine.rollout import bring_back, roll_out
from infra_specs.catalogue.desired import generated_secrets
from infra_specs.errors import ChangeFailed, Fenced, SpecError, TenfoldError
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.releases.content import Content, images_named
from infra_specs.releases.differences import in_short
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.changes.artifacts import show_sizing
from tasks.ledger import Ledger
from tasks.run.context import Site
from tasks.stack.build import built
from tasks.stack.certificate import keep_certificate
from tasks.stack.images import found_images
from tasks.stack.preflight import refuse_unstartable
from tasks.stack.record import Wish, as_filed, deployed, wish


@runbook
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
    async with opened_ledger() as ledger:
        asked = _asked_for(stack, spec, source)
        return await provisioned(ledger, asked[0].name if asked else stack, asked, wait=wait)


async def provisioned(
    ledger: Ledger,
    name: str,
    asked: tuple[Stack, str] | None,
    *,
    change: Callable[[Stack], Stack] = lambda stack: stack,
    wait: bool,
) -> Report:
    """Make a stack what is asked (a spec and its folder), or what the ledger says it is, with a `change` made to it."""
    async with on_site(name, ledger, "provision", asked=asked, change=change, wait=wait) as (site, what, folder):
        if said := keep_certificate(ledger, site.hold, what, folder):
            get_run_logger().info("%s", said)
        what = await built(site, what, folder)  # noqa: PLW2901 - from here on it is the stack with its images
        planned = wish(ledger, what, folder)
        refuse_over_budget(what.name, planned.price)
        images = await found_images(site, what, images_named(planned.stack.services.values()))
        planned = wish(ledger, what, folder, images=images)
        await asyncio.to_thread(refuse_unstartable, site.provider, ledger, planned)
        ledger.want(site.hold, what.name, what.model_dump(mode="json", by_alias=True), folder)
        for secret in generated_secrets(what):
            ledger.ensure_secret(site.hold, what.name, secret)
        await show_sizing(planned)
        file = replace(as_filed(ledger, what, folder), images=images)
        return await _build(site, file, planned)


async def _build(site: Site, file: Content, planned: Wish) -> Report:
    """The same services as run now, or a new release. What fails stands, until the timer goes back to what ran."""
    ledger = site.ledger
    runs = deployed(ledger, site.stack)
    if runs and runs.state == "proven" and runs.content == planned.content:
        if runs.file != file:
            ledger.refile_release(site.hold, runs.number, file)
        return await bring_back(site, "provision", "asked for", planned)
    reason = in_short(runs.content, planned.content) if runs else "the first"
    new = ledger.begin_release(site.hold, "provision", reason, content=planned.content, file=file)
    try:
        return await roll_out(site, "asked for", new, planned)
    except Fenced:
        raise
    except TenfoldError as error:
        ledger.end_release(site.hold, new.number, "failed", str(error))
        if runs and runs.state == "proven":
            raise ChangeFailed(
                f"{error}\n{new} is not proven: the timer goes back to {runs}, unless a mended file is provisioned."
            ) from error
        raise


def _asked_for(stack: str, spec: dict[str, Any], source: str) -> tuple[Stack, str] | None:
    """The spec that was given and its folder; None if the ledger's is meant."""
    if spec:
        what = from_data(spec, "spec")
        if stack and stack != what.name:
            raise SpecError(f"The run names the stack `{stack}` and the spec `{what.name}`. Give one of the two.")
        return what, _folder(source)
    if not stack:
        raise SpecError("Give the name of a stack that was provisioned before, or a whole spec.")
    return None


def _folder(source: str) -> str:
    # Flows run in a folder of their own, where a relative path would be another place.
    folder = Path(source or "~").expanduser()
    if not folder.is_absolute():
        raise SpecError(f"source: found `{source}`; give the whole path of the folder, from / on.")
    return str(folder)
