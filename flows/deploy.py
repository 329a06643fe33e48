"""Deploy: another image, command, environment or setting of a service, in the counts that it has."""

import asyncio

from prefect.logging import get_run_logger

from flows.engine.converge import Report
from flows.engine.flat_parameters import flat_parameters
from flows.engine.frame import frame, open_ledger, stack_session
from flows.engine.release import make_release
from infra_specs.releases.deploy_options import DeployOptions
from tasks.backups.undo import refuse_undo
from tasks.stack.preflight import prepare_deploy
from tasks.stack.preparation import Preparation


@frame
@flat_parameters(DeployOptions)
async def deploy(stack: str, *, options: DeployOptions, wait: bool = False) -> Report:
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
    async with open_ledger() as ledger, stack_session(stack, ledger, "deploy", wait=wait) as (context, snapshot):
        await asyncio.to_thread(refuse_undo, ledger, stack)
        prepared = await prepare_deploy(Preparation(context), snapshot, options)
        for warning in prepared.warnings:
            get_run_logger().warning("%s", warning)
        return await make_release(context, snapshot, "deploy", prepared.desired, share=options.share)
