"""Keep the front of a machine as the claims of its stacks ask.

    claims ─▶ the front is there ─▶ who holds a shared port moves behind it ─▶ the front listens there

It is made with the second stack at a port, and removed with the last. A run that is killed anywhere leaves the claims,
from which the next look at the stack or at the front goes on.
"""

import asyncio

from flows.engine.converge import Report, converge
from flows.engine.frame import stack_session
from infra_specs.catalogue.front import front
from infra_specs.catalogue.web import PROXY_ADDRESS
from infra_specs.desired import StackSnapshot, desired_as_deployed
from infra_specs.errors import PlanError, SpecError
from infra_specs.plan.make_plan import make_plan
from infra_specs.resources.resource import Resource
from infra_specs.sharing.claims import claims_of, machine_of
from infra_specs.sharing.front import ClaimedHosts, front_name, front_target, ports_of_front
from infra_specs.stackfile.models.target import Target
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers import open_provider
from tasks.providers.seam.provider import KindProvider
from tasks.run.context import RunContext
from tasks.run.lock import stack_lock

FRONT_SECONDS = 120.0
"""Seconds to wait for another run that has the front, or a stack that has to move behind it."""


def fronts(ledger: Ledger) -> dict[str, str]:
    """The front's name, and its machine, of every machine that has one, or had one and may have a leftover of it."""
    machines = {machine for machine, _ in ledger.hosts.read().shared}
    for record in ledger.stacks.all():
        try:
            target = record.stack().target
        except SpecError:  # it says so when it is looked at
            continue
        if target.shares_ports and _is_ours(ledger, front_name(machine_of(target))):
            machines.add(machine_of(target))
    return {front_name(machine): machine for machine in sorted(machines)}


async def with_front(context: RunContext, snapshot: StackSnapshot) -> None:
    """Have the front lead to this stack, and to all others of its machine.

    Other stacks give up what the front is to have. Raises LockHeld if one of them is being changed for long. Returns at
    once for a stack that claims no host, and claimed none before this run.
    """
    stack = snapshot.stack
    if not claims_of(stack).hosts and not snapshot.hosts.of(stack.name):
        return
    await settle_front(context.ledger, context.provider, stack.target)
    moved = False
    for other in await asyncio.to_thread(_to_move, context, machine_of(stack.target)):
        moved |= await _moved_behind(context.ledger, other)
    if moved:
        await settle_front(context.ledger, context.provider, stack.target)


async def settle_front(ledger: Ledger, provider: KindProvider, target: Target) -> Report | None:
    """Make, tell or remove the front of a target's machine, as the claims ask now. None: nothing was to be done.

    A port that a stack's proxy still has is left to it.
    """
    machine = machine_of(target)
    if not target.shares_ports or await asyncio.to_thread(_is_settled, ledger, provider, machine):
        return None
    await asyncio.to_thread(_refuse_what_is_not_ours, ledger, provider, machine)
    name, config = front_name(machine), settings()
    async with stack_lock(ledger, name, "reconcile", config.lease_seconds, patience=FRONT_SECONDS) as lease:
        desired = await asyncio.to_thread(_desired, ledger, provider, machine)
        reason = "stacks share its ports" if desired else "no stack has its ports any more"
        return await converge(RunContext(provider, ledger, lease), "reconcile", reason, desired)


async def reconcile_front(ledger: Ledger, machine: str) -> Report | None:
    """Repair the front of a machine. None: it is as it shall be."""
    target = front_target(machine)
    provider = await asyncio.to_thread(open_provider, target, settings().home)
    try:
        return await settle_front(ledger, provider, target)
    finally:
        await asyncio.to_thread(provider.close)


def _is_settled(ledger: Ledger, provider: KindProvider, machine: str) -> bool:
    name = front_name(machine)
    desired, instances = _desired(ledger, provider, machine), provider.observe(name)
    if not desired and instances and not _is_ours(ledger, name):
        return True
    return make_plan(name, desired, instances, moment=now()).empty


def _is_ours(ledger: Ledger, name: str) -> bool:
    """Whether a run of this installation has ever changed the front."""
    return bool(ledger.runs.history(name, 1))


def _refuse_what_is_not_ours(ledger: Ledger, provider: KindProvider, machine: str) -> None:
    name = front_name(machine)
    if not _is_ours(ledger, name) and provider.observe(name):
        raise PlanError(
            f"There is a front on {machine} which this installation did not make: it is another installation's, or of "
            "a ledger that is lost. Give this stack other ports, or put that ledger back."
        )


def _desired(ledger: Ledger, provider: KindProvider, machine: str) -> tuple[Resource, ...]:
    known = ledger.hosts.read()
    if not (ports := ports_of_front(machine, known)):
        return ()
    stacks = _stacks_at(known, machine)
    held = {port for stack in stacks for port in provider.held_ports(stack)}
    first = ledger.stacks.find(stacks[0])  # as its target says where images are taken from
    return front(first.stack().target if first else front_target(machine), ports, held)


def _to_move(context: RunContext, machine: str) -> list[str]:
    """The other stacks whose proxies have a port that is the front's."""
    known = context.ledger.hosts.read()
    shared = {shared.port for shared in ports_of_front(machine, known)}
    others = _stacks_at(known, machine) if shared else []
    return [
        stack for stack in others if stack != context.stack and shared.intersection(context.provider.held_ports(stack))
    ]


def _stacks_at(known: ClaimedHosts, machine: str) -> list[str]:
    return sorted({claim.stack for claim in known.claims if claim.machine == machine})


async def _moved_behind(ledger: Ledger, stack: str) -> bool:
    """Have the proxy of a stack leave its shared ports to the front, and nothing else of it change."""
    async with stack_session(stack, ledger, "reconcile", patience=FRONT_SECONDS) as (context, snapshot):
        if not snapshot.is_active:
            return False
        desired = await asyncio.to_thread(desired_as_deployed, snapshot)
        proxy = [resource for resource in desired.resources if resource.address == PROXY_ADDRESS]
        await converge(context, "reconcile", "the front takes its ports over", proxy, alone=True)
        return True
