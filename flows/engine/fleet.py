"""A stack's fleet of hosts, brought to what its spec wants before the stack is changed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from prefect.logging import get_run_logger

from flows.engine.converge import Report, converge
from infra_specs.errors import LockHeld, PlanError, TenfoldError, TransientError
from infra_specs.fleet.of_stack import fleet_name
from infra_specs.stackfile.models.hosts import FleetHosts, Host
from infra_specs.stackfile.models.stack import Stack
from tasks.base.settings import settings
from tasks.ledger import Lease, Ledger
from tasks.providers import open_fleet
from tasks.providers.seam.fleet import FleetProvider
from tasks.run.context import RunContext
from tasks.run.fence import fenced
from tasks.run.lock import fleet_lock
from tasks.stack.fleet import PlannedFleet, WantedFleet, fleet_of, on_recorded_fleet, planned, recorded_fleet

LOOK_SECONDS = 300.0
"""How often the hosts of a fleet are looked at on the timer, whichever of its stacks is looked at."""
PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between looks at a fleet whose managers do not answer: they may choose a leader."""


Refuse = Callable[[], Awaitable[None]]


async def on_ready_fleet(ledger: Ledger, stack: Stack, verb: str, refuse: Refuse) -> Stack:
    """The stack on its fleet, which is brought up first: by a provision as the spec wants it, on the timer as it was.

    A stack on no fleet is returned as it is. The fleet's lock is held only here. Before a provision touches a host,
    `refuse` raises what is in the way of the stack. Raises PlanError for hosts that cannot be a fleet. On the timer
    what is in the way is logged, and a fleet that somebody else changes is left to them.
    """
    name = fleet_name(stack)
    if verb == "provision" and name:
        async with fleet_lock(ledger, name, verb, settings().lease_seconds, wait=True) as lease:
            await bring_up(ledger, lease, await asyncio.to_thread(fleet_of, ledger, stack), "asked for", refuse)
    elif verb == "reconcile" and name:
        await _look_after(ledger, name)
    return await asyncio.to_thread(on_recorded_fleet, ledger, stack)


async def _nothing_in_the_way() -> None:
    """A fleet that is repaired is refused for no stack."""


async def bring_up(
    ledger: Ledger, lease: Lease, wanted: WantedFleet, reason: str, refuse: Refuse = _nothing_in_the_way
) -> Report | None:
    """Make the hosts what they shall be, under the lease of the fleet. None if there is nothing to do.

    Hosts that leave have left when this returns, and nobody lets them in any more. While stacks run there they stay:
    nothing new is placed on them, each stack moves with its next look, and they leave at the look at the fleet after
    that. `refuse` is asked before anything is changed.
    """
    if wanted.hosts.leaving and await _hold_back(ledger, lease, wanted, refuse):
        hosts = (*wanted.hosts.hosts, *wanted.hosts.leaving)
        staying = replace(wanted, hosts=replace(wanted.hosts, hosts=hosts, leaving=()))
        return await _pass(ledger, lease, staying, reason, _nothing_in_the_way, recorded=wanted.hosts)
    report = await _pass(ledger, lease, wanted, reason, refuse)
    if wanted.hosts.leaving:
        rest = replace(wanted, hosts=replace(wanted.hosts, leaving=()))
        await asyncio.to_thread(ledger.fleets.put, lease, rest.hosts)
        await _pass(ledger, lease, rest, "hosts have left", _nothing_in_the_way)
    return report


async def end_fleet(ledger: Ledger, lease: Lease, hosts: FleetHosts) -> Report:
    """Let all hosts leave, and forget the fleet. Raises PlanError if one holds data, or if it is not theirs to leave.

    A host that does not answer is left as it is: it bears the fleet's mark on.
    """
    leaving = FleetHosts(hosts.name, (), hosts.key, (*hosts.hosts, *hosts.leaving))
    async with open_hosts(leaving) as provider:
        survey = await asyncio.to_thread(provider.survey)
        if survey.fault is not None:
            raise survey.fault
        if held := survey.data():
            raise PlanError("\n".join([*held, "Nothing was touched. Delete it with its stack: tenfold teardown STACK "
                                       "--delete-data"]))  # fmt: skip
        for note in survey.notes():
            get_run_logger().warning("%s", note)
        await asyncio.to_thread(ledger.fleets.put, lease, leaving)
        context = RunContext(provider, ledger, lease)
        report = await converge(context, "teardown", "asked for", (), seen=tuple(survey.instances()))
        await asyncio.to_thread(ledger.fleets.forget, lease)
        return replace(report, summary=f"{report.summary}. The engines of the hosts stay")


async def recover_fleet(ledger: Ledger, lease: Lease, hosts: FleetHosts) -> Report:
    """Make a new Swarm where the managers have no quorum, and bring the fleet up with the hosts that answer.

    With a quorum nothing is done. Raises PlanError if no manager answers.
    """
    async with open_hosts(hosts) as provider:
        begun = await fenced(RunContext(provider, ledger, lease), provider.recover)
    if not begun:
        return Report(hosts.name, f"nothing to do: the managers of {hosts.name} have a quorum", (), (), {})
    get_run_logger().warning("A new Swarm was begun at %s.", begun)
    wanted = await asyncio.to_thread(recorded_fleet, ledger, hosts.name)
    report = await bring_up(ledger, lease, wanted, f"a new Swarm was begun at {begun}")
    summary = f"a new Swarm was begun at {begun}"
    if report is None:
        return Report(hosts.name, summary, (summary,), (), {})
    return replace(report, summary=f"{summary}, {report.summary}")


@asynccontextmanager
async def open_hosts(fleet: FleetHosts) -> AsyncIterator[FleetProvider]:
    """The hosts of a fleet until the block ends."""
    provider = await asyncio.to_thread(open_fleet, fleet, settings().home)
    try:
        yield provider
    finally:
        await asyncio.to_thread(provider.close)


async def _hold_back(ledger: Ledger, lease: Lease, wanted: WantedFleet, refuse: Refuse) -> bool:
    """Let nothing new be placed on the hosts that leave, if stacks run there; whether some do."""
    names = _names(wanted.hosts.leaving)
    async with open_hosts(wanted.hosts) as provider:
        await _planned(provider, wanted)  # what is refused is refused before anything moves
        if not (stacks := await asyncio.to_thread(provider.stacks_on, names)):
            return False
        await refuse()
        await asyncio.to_thread(ledger.fleets.put, lease, wanted.hosts)
        await fenced(RunContext(provider, ledger, lease), lambda: provider.hold_back(names))
    get_run_logger().info("%s leaves once what runs there has moved: %s.", " and ".join(names), ", ".join(stacks))
    return True


async def _pass(
    ledger: Ledger,
    lease: Lease,
    wanted: WantedFleet,
    reason: str,
    refuse: Refuse,
    *,
    recorded: FleetHosts | None = None,
) -> Report | None:
    """One look at the hosts, and the changes that follow. `recorded`: the fleet to write down, else the wanted one."""
    async with open_hosts(wanted.hosts) as provider:
        fleet = await _planned(provider, wanted)
        if not fleet.plan.empty:
            await refuse()
        if recorded is None and fleet.survey.held_back:
            await fenced(RunContext(provider, ledger, lease), lambda: provider.hold_back(_names(wanted.hosts.leaving)))
        for note in fleet.survey.notes():
            get_run_logger().warning("%s", note)
        await asyncio.to_thread(ledger.fleets.put, lease, recorded or wanted.hosts)
        await asyncio.to_thread(ledger.fleets.mark_looked, lease)
        context = RunContext(provider, ledger, lease)
        if fleet.plan.empty:
            if fleet.survey.has_unnamed_members:
                await fenced(context, lambda: provider.sweep(wanted.hosts.name))
            return None
        return await converge(context, lease.owner.verb, reason, fleet.resources, seen=fleet.instances)


async def _planned(provider: FleetProvider, wanted: WantedFleet) -> PlannedFleet:
    for pause in PAUSES:
        try:
            return await asyncio.to_thread(planned, provider, wanted)
        except TransientError as error:
            get_run_logger().warning("%s It is looked at again.", error)
            await asyncio.sleep(pause)
    return await asyncio.to_thread(planned, provider, wanted)


def _names(hosts: Iterable[Host]) -> list[str]:
    return [host.name for host in hosts]


async def _look_after(ledger: Ledger, name: str) -> None:
    if not await asyncio.to_thread(ledger.fleets.is_due, name, LOOK_SECONDS):
        return
    try:
        async with fleet_lock(ledger, name, "reconcile", settings().lease_seconds, wait=False) as lease:
            await asyncio.to_thread(ledger.fleets.mark_looked, lease)
            wanted = await asyncio.to_thread(recorded_fleet, ledger, name)
            await bring_up(ledger, lease, wanted, "its hosts had drifted")
    except LockHeld as busy:
        get_run_logger().info("%s", busy)
    except TenfoldError as error:
        get_run_logger().warning("The fleet %s is not repaired: %s", name, error)
