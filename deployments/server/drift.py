"""Drift is seen when it happens: targets tell of it, and a reconcile of that stack is started at once.

The reconcile is a run of the deployment that the timer uses, with the tag `drift`. A stack has one of them at a time;
what is told meanwhile is looked at after it, and what a run of ours does under the stack's lock is left to that run.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from deployments.server.listener import Listener
from deployments.server.restart_down import Restarts
from infra_specs.errors import SpecError, TenfoldError
from infra_specs.plan.backoff import FAILURES_SEEN, rest_of
from infra_specs.plan.drift import Event, Look, Looks, Pause, left, look_at, noted
from infra_specs.releases.selection import is_settled
from infra_specs.sharing.front import front_name, front_target
from infra_specs.stackfile.models.target import Target
from tasks.base.clock import now
from tasks.base.settings import Settings
from tasks.ledger import Ledger
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.run.tags import DRIFT

DEPLOYMENT = "reconcile/reconcile"
REFRESH_SECONDS = 5.0
"""Between two looks into the ledger at which stacks are up."""
BUSY_SECONDS = 1.0
"""Between two looks at whether a run on a stack has ended, while something of it is to be looked at."""
MANY = 3
"""More stacks than this are looked at in one run."""
log = logging.getLogger(__name__)


class Drift:
    """Listens to all stacks that are up on targets that tell, and starts their reconciles."""

    def __init__(self, here: Settings, restarts: Restarts) -> None:
        self._here, self._restarts = here, restarts
        self._listeners: dict[tuple[str, str], Listener] = {}
        self._looks: defaultdict[str, Looks] = defaultdict(dict)
        self._last: dict[str, float] = {}
        """When the last look of a stack began."""
        self._runs: dict[str, UUID] = {}
        """The last run that was started for a stack."""
        self._not_before: dict[str, float] = {}
        """Until when a stack is busy, or rests."""
        self._restarting: dict[str, asyncio.Task[None]] = {}
        """The looks under way at what is down, by stack."""

    async def listen(self, client: PrefectClient) -> None:
        """Listen until an error ends it. At the beginning all are looked at once: nobody listened before."""
        deployment = (await client.read_deployment_by_name(DEPLOYMENT)).id
        heard = asyncio.Queue[Event]()
        try:
            await self._refresh(heard)
            refreshed = time.monotonic()
            for stack in self._up():
                self._looks[stack] = {"": Look(refreshed, "the control plane has begun to listen")}
            while True:
                await self._start_due(client, deployment)
                if time.monotonic() - refreshed >= REFRESH_SECONDS:
                    await self._refresh(heard)
                    refreshed = time.monotonic()
                until = min([refreshed + REFRESH_SECONDS, *filter(None, map(self._due, self._looks))])
                with suppress(TimeoutError):
                    # Unlike `wait_for`, this loses neither an event nor that it is cancelled while one comes.
                    async with asyncio.timeout(max(0.0, until - time.monotonic())):
                        self._note(await heard.get())
        finally:
            for listener in self._listeners.values():
                listener.close()
            self._listeners.clear()

    def _note(self, event: Event) -> None:
        if event.stack not in self._up():
            return
        before = self._looks[event.stack]
        self._looks[event.stack] = noted(before, event, time.monotonic())
        if self._looks[event.stack] != before:
            log.info("%s: %s", event.stack, event)
            self._not_before.pop(event.stack, None)  # what rests holds up nothing else
        if event.told == "down" and event.stack not in self._restarting:
            restarting = self._restarting[event.stack] = asyncio.create_task(self._restarts.look_at(event.stack))
            restarting.add_done_callback(lambda _: self._restarting.pop(event.stack))

    def _up(self) -> set[str]:
        """The stacks that are listened to."""
        return {stack for listener in self._listeners.values() for stack in listener.stacks}

    def _due(self, stack: str, pause: Pause | None = None) -> float | None:
        """When the next look of a stack is due."""
        pause = pause or Pause(self._not_before.get(stack, 0.0))
        return look_at(self._looks[stack], pause, self._last.get(stack))

    async def _start_due(self, client: PrefectClient, deployment: UUID) -> None:
        """Start a run for each stack whose look is due, and that is not busy and does not rest."""
        moment, ready = time.monotonic(), list[str]()
        for stack in tuple(self._looks):
            if (due := self._due(stack)) is None or due > moment:
                continue
            busy = await self._has_run(client, stack)
            pause = Pause(moment + BUSY_SECONDS) if busy else await asyncio.to_thread(self._pause, stack)
            if (later := self._due(stack, pause)) and later > moment:
                self._not_before[stack] = later
            else:
                ready.append(stack)
        for stacks in [ready] if len(ready) > MANY else [[stack] for stack in ready]:
            await self._start(client, deployment, stacks, moment)

    async def _start(self, client: PrefectClient, deployment: UUID, stacks: list[str], moment: float) -> None:
        """One run for these stacks."""
        due = {address: look.reason for stack in stacks for address, look in self._looks[stack].items()}
        name, many = stacks[0], len(stacks) > 1
        reason = f"{len(stacks)} stacks: {next(iter(due.values()))}, and more" if many else "; ".join(due.values())
        run = await client.create_flow_run_from_deployment(
            deployment,
            name="reconcile all stacks" if many else f"reconcile {name}",
            parameters={"stack": "" if many else name},
            tags=[DRIFT, *([] if many else filter(None, due))],
            state=Scheduled(message=f"Asked for by drift: {reason}"),
        )
        log.info("Run %s looks at %s: %s", run.id, ", ".join(stacks), reason)
        for stack in stacks:
            self._looks[stack], self._last[stack], self._runs[stack] = left(self._looks[stack], moment), moment, run.id

    async def _has_run(self, client: PrefectClient, stack: str) -> bool:
        """Whether the last run that was started for the stack has not ended."""
        if run := self._runs.get(stack):
            with suppress(ObjectNotFound):
                state = (await client.read_flow_run(run)).state
                if state is not None and not state.is_final():
                    return True
            self._runs.pop(stack)
        return False

    def _pause(self, stack: str) -> Pause:
        """What of the stack is not looked at for now: all of it while a run holds its lock, and what rests."""
        moment = time.monotonic()
        with Ledger.open(self._here) as ledger:
            holder = ledger.locks.holder(stack)
            if holder and holder.until > now() and owner_is_alive(holder.owner) is not False:
                return Pause(moment + BUSY_SECONDS)
            rest = rest_of(
                ledger.runs.history(stack, FAILURES_SEEN),
                ledger.runs.attempts(stack),
                settled=is_settled(ledger.releases.active(stack)),
                every_seconds=self._here.reconcile_seconds,
                moment=now(),
            )
        offset = moment - now()
        until = rest.stack_until + offset if rest.stack_until else 0.0
        return Pause(until, {address: end + offset for address, end in rest.addresses.items()})

    async def _refresh(self, heard: "asyncio.Queue[Event]") -> None:
        """Listen to the targets of all stacks that are up, one listener a machine.

        What happens to a stack before it is listened to is told by nobody: it is looked at a little later.
        """
        loop = asyncio.get_running_loop()

        def tell(event: Event) -> None:
            loop.call_soon_threadsafe(heard.put_nowait, event)

        targets = await asyncio.to_thread(self._targets)
        machines = {(target.provider, target.machine): target for target in targets.values()}
        for gone in self._listeners.keys() - machines.keys():
            self._listeners.pop(gone).close()
        for machine, target in machines.items():
            stacks = frozenset(name for name, other in targets.items() if (other.provider, other.machine) == machine)
            listener = self._listeners.get(machine) or Listener(target, self._here.home, tell)
            due = time.monotonic() + 2 * REFRESH_SECONDS
            for new in stacks - listener.stacks:
                self._looks[new] = {"": Look(due, "is listened to from now on")}
            listener.stacks = stacks
            if machine not in self._listeners:
                self._listeners[machine] = listener
                listener.start()
        for kept in (self._looks, self._last, self._runs, self._not_before):
            for stack in kept.keys() - targets.keys():
                kept.pop(stack)

    def _targets(self) -> Mapping[str, Target]:
        """Of every stack that is up and can be read, if its target tells, and of the fronts of their machines."""
        targets = dict[str, Target]()
        try:
            with Ledger.open(self._here) as ledger:
                records = [record for record in ledger.stacks.all() if record.wanted]
                machines = {machine for machine, _ in ledger.hosts.read().shared}
        except TenfoldError as error:
            log.warning("Nobody can tell which stacks are up: %s", error)
            raise
        for record in records:
            with suppress(SpecError):
                target = record.stack().target
                if target.tells:
                    targets[record.name] = target
        fronts = {front_name(machine): front_target(machine) for machine in machines}
        return targets | {name: target for name, target in fronts.items() if target.tells}
