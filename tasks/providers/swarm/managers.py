"""The managers of a fleet's Swarm: whoever of them answers is asked."""

import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from docker.errors import APIError, NotFound

from infra_specs.errors import ProviderError, TransientError
from tasks.providers.docker.engine.errors import engine_message
from tasks.providers.docker.labels import only
from tasks.providers.hosts.engines import translated
from tasks.providers.hosts.members import HOST_LABEL, LEAVES_LABEL
from tasks.providers.swarm.engine import HostEngine, HostEngines

T = TypeVar("T")
ApiObject = dict[str, Any]
"""A service, task, config, secret or node, as the engine describes it."""
TRIES = 8
"""Changes of one thing that may meet another change at the same moment."""
_STALE = "update out of sequence"
_NO_MANAGER = ("is not a swarm manager", "is not part of a swarm")


class NoSwarm(ProviderError):
    """Every host answers, and none is in a Swarm."""


@dataclass(frozen=True, slots=True)
class Member:
    """A host of the Swarm."""

    host: str
    """Its name in the list of hosts."""
    node: str
    address: str
    is_ready: bool
    """Whether the managers hear it, and a person lets things run there."""
    leaves: bool = False
    """Whether it is to leave its fleet: what runs there moves, and nothing new comes."""


class Managers:
    """What the Swarm holds, and changes of it. Many threads may ask."""

    def __init__(self, engines: HostEngines, leaving: Collection[str] = ()) -> None:
        """`leaving`: the hosts that were taken out of the list."""
        self._engines, self._leaving = engines, leaving
        self._guard = threading.Lock()
        self._last: str | None = None

    def ask(self, question: Callable[[HostEngine], T]) -> T:
        """The answer of the first manager that has one; the one that answered last is asked first.

        Raises the error of the first that is a manager, or may be, and NoSwarm where none can be.
        """
        failure: ProviderError | None = None
        for name in self._names():
            try:
                with translated(name):
                    answer = question(self._engines.of(name))
            except ProviderError as error:
                if any(words in str(error) for words in _NO_MANAGER):
                    continue
                failure = failure or error
                if not isinstance(error, TransientError):
                    raise
            else:
                with self._guard:
                    self._last = name
                return answer
        raise failure or NoSwarm("none of the hosts is a manager of a Swarm: tenfold provision makes one of them.")

    def members(self) -> tuple[Member, ...]:
        """The nodes that bear a host's name, in the order of the list."""
        listed = {host.name: number for number, host in enumerate(self._engines.connections.hosts)}
        nodes: list[ApiObject] = self.ask(lambda engine: engine.nodes())
        members = (_member(node, self._leaving) for node in nodes)
        return tuple(sorted((item for item in members if item.host in listed), key=lambda member: listed[member.host]))

    def services(self, stack: str | None = None) -> list[ApiObject]:
        """The services of a stack, or of all stacks."""
        return self.ask(lambda engine: list(engine.services(filters=only(stack))))  # type: ignore[no-untyped-call]

    def tasks(self) -> dict[str, list[ApiObject]]:
        """Id of a service -> its tasks, the oldest first."""
        tasks: list[ApiObject] = self.ask(lambda engine: engine.tasks())  # type: ignore[no-untyped-call]
        return _by_service(tasks)

    def tasks_of(self, service: str) -> list[ApiObject]:
        """The tasks of the service of this name, the oldest first; none if it is gone."""

        def asked(engine: HostEngine) -> list[ApiObject]:
            try:
                return list(engine.tasks(filters={"service": service}))  # type: ignore[no-untyped-call]
            except NotFound:
                return []

        return sorted(self.ask(asked), key=lambda task: task["CreatedAt"])

    def service(self, name: str) -> ApiObject | None:
        """The service of this name; None if it is gone."""
        return self._inspected(lambda engine: engine.inspect_service(name))  # type: ignore[no-untyped-call]

    def configs(self, stack: str | None = None) -> list[ApiObject]:
        """The configs of a stack, or of all stacks."""
        return self.ask(lambda engine: list(engine.configs(filters=only(stack))))  # type: ignore[no-untyped-call]

    def secrets(self, stack: str) -> list[ApiObject]:
        """The secrets of a stack, without what is in them."""
        return self.ask(lambda engine: list(engine.secrets(filters=only(stack))))

    def networks(self) -> list[ApiObject]:
        """All networks that a manager knows."""
        return self.ask(lambda engine: list(engine.networks()))

    def make(self, make_it: Callable[[HostEngine], Any]) -> bool:
        """Make something of which the name says what it is; whether it was not there already."""

        def asked(engine: HostEngine) -> bool:
            try:
                make_it(engine)
            except APIError as error:
                if error.status_code == 409 or "already exists" in engine_message(error):
                    return False
                raise
            return True

        return self.ask(asked)

    def change_service(self, name: str, changed: Callable[[ApiObject], ApiObject]) -> None:
        """Change what is wanted of a service: gone already, and so already, are success."""
        self._change(
            lambda engine: engine.inspect_service(name),  # type: ignore[no-untyped-call]
            changed,
            "services",
        )

    def change_config(self, name: str, labels: dict[str, str]) -> bool:
        """Give a config other labels; whether it is there."""
        return self._change(
            lambda engine: engine.inspect_config(name),  # type: ignore[no-untyped-call]
            lambda spec: {**spec, "Labels": labels},
            "configs",
        )

    def remove(self, remove_it: Callable[[HostEngine], Any]) -> None:
        """Remove something. Gone already: success."""

        def asked(engine: HostEngine) -> None:
            try:
                remove_it(engine)
            except NotFound:
                return

        self.ask(asked)

    def remove_unless_used(self, remove_it: Callable[[HostEngine], Any]) -> None:
        """Remove something that a service may still use: then it stays. Gone already: success."""

        def asked(engine: HostEngine) -> None:
            try:
                remove_it(engine)
            except APIError as error:
                if not isinstance(error, NotFound) and "in use" not in engine_message(error):
                    raise

        self.ask(asked)

    def _change(
        self,
        inspect: Callable[[HostEngine], ApiObject],
        changed: Callable[[ApiObject], ApiObject],
        path: str,
    ) -> bool:
        """Its version tells if somebody else changed it meanwhile; then it is done again."""

        def asked(engine: HostEngine) -> bool:
            for number in range(TRIES):
                try:
                    current = inspect(engine)
                except NotFound:
                    return False
                spec = changed(dict(current["Spec"]))
                if spec == current["Spec"]:
                    return True
                try:
                    engine.change(path, current["ID"], current["Version"]["Index"], spec)
                except APIError as error:
                    if number == TRIES - 1 or _STALE not in engine_message(error):
                        raise
                else:
                    return True
            raise AssertionError

        return self.ask(asked)

    def _inspected(self, inspect: Callable[[HostEngine], ApiObject]) -> ApiObject | None:
        def asked(engine: HostEngine) -> ApiObject | None:
            try:
                return inspect(engine)
            except NotFound:
                return None

        return self.ask(asked)

    def _names(self) -> Iterator[str]:
        names = [host.name for host in self._engines.connections.hosts]
        with self._guard:
            last = self._last
        if last in names:
            yield last
        yield from (name for name in names if name != last)


def _member(node: ApiObject, leaving: Collection[str]) -> Member:
    """A host that leaves is held back by us: its pause is no person's."""
    spec, status = node["Spec"], node["Status"]
    labels = spec.get("Labels") or {}
    host, held_back = str(labels.get(HOST_LABEL, "")), LEAVES_LABEL in labels
    is_open = spec.get("Availability") in (("active", "pause") if held_back else ("active",))
    return Member(
        host,
        node["ID"],
        str(status.get("Addr", "")),
        status.get("State") == "ready" and is_open,
        held_back or host in leaving,
    )


def _by_service(tasks: list[ApiObject]) -> dict[str, list[ApiObject]]:
    grouped: dict[str, list[ApiObject]] = {}
    for task in sorted(tasks, key=lambda task: task["CreatedAt"]):
        grouped.setdefault(task.get("ServiceID", ""), []).append(task)
    return grouped
