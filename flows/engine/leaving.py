"""The end of a provision that took hosts out of a list: what runs there moves, and then they leave.

The stack of the provision has moved with its own changes. A stack that is being changed, or cannot be repaired, holds
its hosts until the timer has moved it.
"""

import asyncio

from prefect.logging import get_run_logger

from flows.engine.fleet import bring_up
from flows.engine.frame import stack_session
from flows.engine.rollout import restore_healthy
from infra_specs.desired import desired_as_deployed
from infra_specs.errors import TenfoldError
from infra_specs.fleet.of_stack import fleet_name
from infra_specs.stackfile.models.stack import Stack
from tasks.backups.undo import refuse_undo
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.run.lock import fleet_lock
from tasks.stack.fleet import names_on, recorded_fleet

MOVE_SECONDS = 120.0
"""Seconds to wait for another run that has a stack which is to move."""


async def let_hosts_leave(ledger: Ledger, stack: Stack) -> None:
    """Move the other stacks of the fleet away from the hosts that leave, and let these go.

    Nothing leaves: it returns at once. Holds no lock when it is called.
    """
    name = fleet_name(stack)
    fleet = await asyncio.to_thread(ledger.fleets.find, name) if name else None
    if fleet is None or not fleet.leaving:
        return
    for other in await asyncio.to_thread(names_on, ledger, name):
        if other != stack.name:
            await _move(ledger, other)
    async with fleet_lock(ledger, name, "provision", settings().lease_seconds, wait=True) as lease:
        wanted = await asyncio.to_thread(recorded_fleet, ledger, name)
        await bring_up(ledger, lease, wanted, "what ran on hosts that leave has moved")
    left = await asyncio.to_thread(ledger.fleets.find, name)
    for host in left.leaving if left else ():
        get_run_logger().warning("%s has not left yet. The timer goes on with it: tenfold hosts %s", host, name)


async def _move(ledger: Ledger, stack: str) -> None:
    try:
        async with stack_session(stack, ledger, "reconcile", patience=MOVE_SECONDS) as (context, snapshot):
            if snapshot.is_active:
                await asyncio.to_thread(refuse_undo, ledger, stack)
                desired = await asyncio.to_thread(desired_as_deployed, snapshot)
                await restore_healthy(context, snapshot, "reconcile", "hosts leave", desired)
    except TenfoldError as error:
        get_run_logger().warning("%s has not moved yet, and the timer goes on: %s", stack, error)
