"""What a stack leans on and is down is started again in its place, on targets where nobody else does that."""

import asyncio
import logging
import threading
import time
from contextlib import closing, suppress

from prefect.client.orchestration import PrefectClient

from infra_specs.errors import LockHeld, SpecError, TenfoldError
from infra_specs.resources.instance import Instance
from infra_specs.sharing.front import front_name, front_target
from infra_specs.stackfile.models.target import Target
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner, keep_renewed
from tasks.providers import open_provider
from tasks.providers.seam.provider import KindProvider

TARGETS = ("docker",)
"""Elsewhere a supervisor, or the target itself, starts again what hangs or ends."""
AGAIN_SECONDS = 60.0
"""Between two starts of one instance: what does not come back so is left to plans."""
EVERY_SECONDS = 3.0
"""Three unanswered questions at this interval, of a second each, are known to be a hang within 15 s."""
VERB = "reconcile"
"""Whoever wants the lock waits for one that is called so."""
log = logging.getLogger(__name__)


class Restarts:
    """Looks at every stack that is wanted, and keeps its targets open: what answered before is remembered there."""

    def __init__(self, here: Settings) -> None:
        self._here = here
        self._open: dict[str, tuple[str, KindProvider]] = {}
        """By stack: the target that it names, and its provider."""
        self._locks: dict[str, threading.Lock] = {}
        """By stack: who looks at it. One that ends may be told of while all are looked at."""
        self._restarted: dict[tuple[str, str], float] = {}
        """When an instance was last started again."""

    async def look(self, _: PrefectClient) -> None:
        """One look at all of them, side by side: a target that hangs holds up no other."""
        targets = await asyncio.to_thread(self._targets)
        await asyncio.gather(*(asyncio.to_thread(self._leave, stack) for stack in self._open.keys() - targets.keys()))
        await asyncio.gather(*(asyncio.to_thread(self._look_at, *item) for item in targets.items()))

    async def look_at(self, stack: str) -> None:
        """One look at one stack: something of it has ended."""
        targets = await asyncio.to_thread(self._targets)
        if stack in targets:
            await asyncio.to_thread(self._look_at, stack, targets[stack])

    def _targets(self) -> dict[str, Target]:
        """Of every stack that is wanted and can be read, and of the fronts of their machines."""
        targets = dict[str, Target]()
        with Ledger.open(self._here) as ledger:
            for record in ledger.stacks.all():
                if record.wanted and record.target in TARGETS:
                    with suppress(SpecError):
                        targets[record.name] = record.stack().target
            machines = {machine for machine, _ in ledger.hosts.read().shared}
        fronts = {front_name(machine): front_target(machine) for machine in machines}
        return targets | {name: target for name, target in fronts.items() if target.provider in TARGETS}

    def _look_at(self, stack: str, target: Target) -> None:
        with self._lock(stack):
            try:
                provider = self._provider(stack, target)
                if provider.restarts is None:
                    return
                for instance in provider.restarts.down(stack):
                    self._restart(provider, instance)
            except TenfoldError as error:
                log.warning("Nobody can tell whether something of %s is down: %s", stack, error)
                self._forget(stack)

    def _leave(self, stack: str) -> None:
        """Close the target of a stack that is gone, once nobody looks at it."""
        with self._lock(stack):
            self._forget(stack)

    def _lock(self, stack: str) -> threading.Lock:
        return self._locks.setdefault(stack, threading.Lock())

    def _restart(self, provider: KindProvider, instance: Instance) -> None:
        """Under the stack's lock: whoever changes the stack sees by himself what is down."""
        assert provider.restarts is not None
        key = (instance.stack, str(instance))
        if time.monotonic() - self._restarted.get(key, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return
        with Ledger.open(self._here) as ledger:
            try:
                lease = ledger.locks.acquire(instance.stack, Owner.here(VERB), self._here.lease_seconds)
            except LockHeld as busy:
                log.info("%s of %s is down, and is left to who changes the stack: %s", instance, instance.stack, busy)
                return
            self._restarted[key] = time.monotonic()
            with keep_renewed(ledger, lease, self._here.lease_seconds):
                log.warning("%s of %s is started again: %s", instance, instance.stack, instance.health.reason)
                provider.restarts.restart(instance)

    def _provider(self, stack: str, target: Target) -> KindProvider:
        named, provider = self._open.get(stack, ("", None))
        if provider is None or named != repr(target):
            self._forget(stack)
            provider = open_provider(target, self._here.home)
            self._open[stack] = (repr(target), provider)
        return provider

    def _forget(self, stack: str) -> None:
        if kept := self._open.pop(stack, None):
            with closing(kept[1]):
                return
