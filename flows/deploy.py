"""Deploy: another image, command, environment or setting of a service, in the counts that it has."""

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from flows.engine.converge import Report
from flows.engine.frame import on_site, opened_ledger, runbook
from flows.engine.release import deliver
from infra_specs.releases.content import images_named
from infra_specs.releases.rollout import Share
from tasks.stack.build import built
from tasks.stack.images import found_images
from tasks.stack.release import to_deploy


@runbook
async def deploy(
    stack: str,
    *,
    service: str = "",
    image: str = "",
    build: bool = False,
    command: str = "",
    folder: str = "",
    env: dict[str, Any] = {},  # noqa: B006 - nobody changes it, and the form shows a default of None as a fault
    before: str = "",
    health: str = "",
    memory: str = "",
    cpus: Annotated[float, Field(ge=0, le=1024)] = 0,
    canary: Annotated[int, Field(ge=0, le=50)] = 0,
    bake: Annotated[float, Field(ge=1, le=86_400)] = 60,
    wait: bool = False,
) -> Report:
    """Replace a service by a new release of it, without a lost request; a bad one is undone by itself.

    What you leave empty stays as it is. All that you give here can be seen in the run, so give secrets by name.

    Args:
        stack: The stack's name.
        service: Which of its services. Need not be said where only one can be meant.
        image: The new container image, such as shop:2.
        build: Build the image anew from the spec's `build`, where that is how it is made.
        command: The new command, as a shell would split it.
        folder: The folder that the command runs in, on the local target; from that of the spec's file.
        env: Variables to set: NAME to a text, to {"secret": "NAME"}, or to null, which removes it. Others stay.
        before: A command to run once in the new release before it gets a request, such as migrations.
        health: The path that answers 200 when a replica can take requests.
        memory: Memory that one replica may use at most, such as 512MB.
        cpus: Processor cores that one replica may use at most. 0 leaves it as it is.
        canary: Percent of the requests that one new replica gets first, for a while. 0 for none.
        bake: For how many seconds the canary is watched. It is undone if it fails more requests than the others.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    given = {
        "image": image, "command": command, "folder": folder, "before": before, "health": health, "memory": memory,
        "cpus": cpus,
    }  # fmt: skip
    settings = {name: value for name, value in given.items() if value}
    async with opened_ledger() as ledger, on_site(stack, ledger, "deploy", wait=wait) as (site, what, source):
        file = await built(site, what, source) if build else None
        new = to_deploy(ledger, what, source, service, settings=settings, env=env, file=file)
        if image:
            found = await found_images(site, what, images_named(new.services.values()) & {image})
            new = replace(new, images={**new.images, **found})
        return await deliver(site, "deploy", what, source, new, share=Share(canary, bake) if canary else None)
