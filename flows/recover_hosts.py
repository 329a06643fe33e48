"""Recovery of hosts: a new Swarm of those that are left, once too few managers are for the old one."""

import asyncio

from flows.engine.converge import Report
from flows.engine.fleet import recover_fleet
from flows.engine.frame import frame, open_ledger
from tasks.base.settings import settings
from tasks.run.lock import fleet_lock
from tasks.stack.fleet import known_fleet


@frame
async def recover_hosts(fleet: str) -> Report:
    """Make a new Swarm of the hosts that are left, where too few managers are for a quorum. What runs on them goes on.

    Do it only if the others are lost for good, or stay switched off: two Swarms would run the same stacks.

    Args:
        fleet: The fleet's name, which is that of the stack whose file lists its hosts.
    """
    async with open_ledger() as ledger:
        await asyncio.to_thread(known_fleet, ledger, fleet)
        async with fleet_lock(ledger, fleet, "recover", settings().lease_seconds, wait=True) as lease:
            return await recover_fleet(ledger, lease, await asyncio.to_thread(known_fleet, ledger, fleet))
