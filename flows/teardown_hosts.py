"""Teardown of hosts: a fleet ends, and its hosts are on their own again."""

import asyncio

from flows.engine.converge import Report
from flows.engine.fleet import end_fleet
from flows.engine.frame import frame, open_ledger
from infra_specs.fleet.of_stack import refuse_standing
from tasks.base.settings import settings
from tasks.run.lock import fleet_lock
from tasks.stack.fleet import known_fleet, names_on


@frame
async def teardown_hosts(fleet: str) -> Report:
    """End a fleet on which no stack stands: its hosts leave their Swarm, and its firewalls are taken away.

    Their engines stay, and whatever else is on them.

    Args:
        fleet: The fleet's name, which is that of the stack whose file lists its hosts.
    """
    async with open_ledger() as ledger:
        await asyncio.to_thread(known_fleet, ledger, fleet)
        async with fleet_lock(ledger, fleet, "teardown", settings().lease_seconds, wait=True) as lease:
            hosts = await asyncio.to_thread(known_fleet, ledger, fleet)
            stacks = await asyncio.to_thread(names_on, ledger, fleet)
            refuse_standing(fleet, stacks)
            return await end_fleet(ledger, lease, hosts)
