"""The hosts of the Swarm: who is ready, and what is asked of all of them at once."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import TypeVar

from infra_specs.errors import ProviderError, TransientError
from tasks.base.daemon_pool import DaemonPool
from tasks.providers.hosts.engines import translated
from tasks.providers.swarm.engine import HostEngine, HostEngines
from tasks.providers.swarm.managers import Managers, Member
from tasks.ssh.connection import Connection

T = TypeVar("T")
A = TypeVar("A")
_AT_ONCE = 32
_KEPT_SECONDS = 1.0
"""Seconds for which the list of members is used again."""


class SwarmHosts:
    """Members by their hosts' names, and their engines."""

    def __init__(self, managers: Managers, engines: HostEngines, transfers: HostEngines) -> None:
        """`transfers`: the same engines, with the time that it takes to bring an image."""
        self.managers, self._engines, self._transfers = managers, engines, transfers
        # Jobs of the first may ask all hosts, by the second: in one pool they could all wait for each other.
        self._pool, self._host_pool = DaemonPool(_AT_ONCE, "swarm"), DaemonPool(_AT_ONCE, "swarm-hosts")
        self._guard = threading.Lock()
        self._members: tuple[float, tuple[Member, ...]] = (-_KEPT_SECONDS, ())

    def members(self) -> tuple[Member, ...]:
        """Every host of the list that is a member."""
        with self._guard:
            at, members = self._members
            if time.monotonic() - at > _KEPT_SECONDS:
                members = self.managers.members()
                self._members = time.monotonic(), members
            return members

    def ready(self) -> tuple[Member, ...]:
        """Those that the managers hear, those that leave included. TransientError if there is none."""
        if members := tuple(member for member in self.members() if member.is_ready):
            return members
        raise TransientError("no host of the fleet is ready: tenfold hosts FILE says what is wrong with them.")

    def open(self) -> tuple[Member, ...]:
        """The ready ones that something new may run on. TransientError if there is none."""
        if members := tuple(member for member in self.ready() if not member.leaves):
            return members
        raise TransientError("every host of the fleet that is ready is to leave it: start the others again.")

    def by_node(self) -> dict[str, Member]:
        """The members by the ids of their nodes."""
        return {member.node: member for member in self.members()}

    def engine(self, host: str) -> HostEngine:
        """The engine of a host. Raises ProviderError and its kinds."""
        return self._engines.of(host)

    def connection(self, host: str) -> Connection:
        """The connection to a host. Raises ProviderError for one that is in no list."""
        return self._engines.connections.to(self._engines.host(host))

    def transfer_engine(self, host: str) -> HostEngine:
        """The engine of a host, for what takes long: images that are pulled, built or brought."""
        return self._transfers.of(host)

    def on_ready(self, job: Callable[[Member, HostEngine], T]) -> dict[str, T]:
        """The result of a job on each ready host, by its name, all at once. Raises the first error.

        The job itself asks no other host.
        """
        outcomes = self.outcomes(job)
        for outcome in outcomes.values():
            if isinstance(outcome, ProviderError):
                raise outcome
        return {host: outcome for host, outcome in outcomes.items() if not isinstance(outcome, ProviderError)}

    def outcomes(
        self, job: Callable[[Member, HostEngine], T], seconds: float | None = None
    ) -> Mapping[str, T | ProviderError]:
        """The same, with the error of a host in place of its result; of one that takes longer than so many seconds,
        that."""

        def outcome(member: Member) -> T | ProviderError:
            try:
                with translated(member.host):
                    return job(member, self.engine(member.host))
            except ProviderError as error:
                return error

        futures = {member.host: self._host_pool.submit(outcome, member) for member in self.ready()}
        deadline = None if seconds is None else time.monotonic() + seconds
        return {host: _in_time(host, future, deadline) for host, future in futures.items()}

    def at_once(self, job: Callable[[A], T], items: Iterable[A]) -> list[T]:
        """The results of a job for several items, in their order. Raises the first error."""
        return self._pool.map(job, items)

    def close(self) -> None:
        """Stop the threads."""
        self._pool.drop()
        self._host_pool.drop()


def _in_time(host: str, future: "Future[T | ProviderError]", deadline: float | None) -> T | ProviderError:
    try:
        return future.result(None if deadline is None else max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return TransientError(f"{host}: it does not answer in time.")
