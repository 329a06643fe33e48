"""The seam: what every target can do, and what some can do besides.

A new target is one module with these verbs, one target model, one line in `open_provider`, and it passes
`tests/tasks/providers/contract.py`. All calls block and may run in several threads at once. SDK exceptions never
leave a provider: they become `TransientError` (a retry may help) or `ProviderError` (it will not).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from infra_specs.advice.rightsizing import Usage
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.scaling.node_capacity import FreeMemory


class Provider(Protocol):
    """One target, opened. What it holds is asked of the world, never of a file of state."""

    def stacks(self) -> tuple[str, ...]:
        """Every stack with something of ours here, sorted."""

    def observe(self, stack: str) -> tuple[Instance, ...]:
        """Everything here that is labelled as this stack's, broken or not, health included.

        Changes nothing, never waits. Sorted by address, then incarnation. Of an unknown stack: nothing.
        """

    def create(self, resource: Resource) -> Instance:
        """Make a resolved resource exist; returns at once, usually while it is still starting.

        If an instance of the same address and fingerprint is there and not failed, that one is returned and nothing
        is made. Otherwise a new incarnation is made; a failed earlier one is stopped but kept for its log.
        Outputs that others may refer to are known when this returns.
        """

    def update(self, instance: Instance, resource: Resource) -> Instance:
        """Change in place what the kind can (`resource.mutable`), fingerprint and bindings included.

        Already so: success. Gone meanwhile: ProviderError.
        """

    def destroy(self, instance: Instance) -> None:
        """Remove one incarnation with everything that belongs to it alone. Already gone: success.

        Returns when it is gone. Data goes only with the instance that is marked stateful.
        """

    def health(self, instance: Instance) -> Health:
        """How it is now; never waits. Gone: failed."""

    def logs(self, instance: Instance, lines: int) -> str:
        """The last lines it wrote, oldest first; empty if it wrote nothing or is gone."""

    def close(self) -> None:
        """Give back connections. What was made stays."""


@runtime_checkable
class Drains(Protocol):
    """A target that can say how many requests are still running in an instance."""

    def in_flight(self, instance: Instance) -> int:
        """Requests running in it now; 0 if it is gone or serves none. Never waits."""


@runtime_checkable
class Stops(Protocol):
    """A target where a thing can end without being gone."""

    def stop(self, instance: Instance, why: str) -> None:
        """End it for good and keep it for its log: from now on it has failed, for this reason.

        Returns when it has ended. Ended already, or gone: success. What never ran, as a volume does not, is left alone.
        """


@dataclass(frozen=True, slots=True)
class Counted:
    """What the proxy counted of one replica since it knows it. `errors` are answers of 500 and more, and no answer."""

    requests: int
    errors: int
    in_flight: int
    healthy: bool


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the proxy counted for one service since the proxy began; a number that fell tells of a new beginning.

    `requests` have arrived, those included that found no replica; `errors` of them ended as `Counted.errors` do,
    `in_flight` are under way now, those that wait for a replica included. `answered` requests took `seconds` together;
    the proxy may add these two up a few seconds late.
    """

    requests: int
    errors: int
    in_flight: int
    answered: int
    seconds: float
    running: float = 0.0
    """Seconds that the proxy has counted for, by its own clock. It may move in steps of a few seconds."""
    latencies: Mapping[float, int] = field(default_factory=dict)
    """Seconds -> how many of the answered took at most so long, in order. Those that took longer are in none."""
    replicas: Mapping[str, Counted] = field(default_factory=dict)
    """By the replica's `endpoint` output."""


@runtime_checkable
class Counts(Protocol):
    """A target whose proxy counts."""

    def traffic(self, stack: str) -> Mapping[str, Traffic]:
        """By service, for every route of the stack; a service is left out while its proxy does not answer.

        One question for the whole stack. Never waits longer than a second.
        """


@runtime_checkable
class Executes(Protocol):
    """A target where a person can run a command beside a replica's program."""

    def execute(self, instance: Instance, command: Sequence[str], *, terminal: bool) -> int:
        """Run it with this process's own input and output until it ends; returns its exit code, as shells count.

        It has the environment, the folder and the account of the instance's own program. `terminal`: it gets one, as
        wide as this one, and Ctrl-C with it. Raises ProviderError for what does not run.
        """


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """How the image of one service is made: `context` is a whole path, `dockerfile` lies in it."""

    stack: str
    service: str
    context: str
    dockerfile: str
    stage: str | None
    args: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """What an order is called by its content, empty if that cannot be known yet; and its id if it is there."""

    name: str
    id: str | None


@runtime_checkable
class Builds(Protocol):
    """A target that makes images. Equal content gives one image, which is made once."""

    def built(self, order: BuildRequest) -> BuiltImage:
        """What there is of it. Changes nothing. Raises ProviderError for a context or Dockerfile that is not there."""

    def build(self, order: BuildRequest, say: Callable[[str], None]) -> str:
        """The id of the image, made if need be; `say` is told each step. Older ones of the service go, but for a few.

        Raises ProviderError with the step that failed and its last lines.
        """

    def build_warning(self, order: BuildRequest) -> str:
        """A sentence that names files of the context that are hardly meant to be in an image; empty for none.

        Changes nothing. Raises ProviderError for a context or Dockerfile that is not there.
        """

    def forget_built(self, stack: str) -> None:
        """Remove every image that was made for the stack and that nothing runs from."""


@runtime_checkable
class Sweeps(Protocol):
    """A target where something can be left that no instance needs, by what is destroyed or by a run that is killed."""

    def sweep(self, stack: str) -> None:
        """Leave nothing behind that no instance of the stack needs. Nothing is left: success.

        Nobody else may change the stack meanwhile. What is there serves on.
        """


@runtime_checkable
class HoldsImages(Protocol):
    """A target whose containers run from images, where a name may be given to another image later."""

    def image_id(self, name: str, *, pull: bool) -> str | None:
        """The id of the image that has this name now. None has it: it is pulled, or without `pull` the answer is None.

        Raises ProviderError, with what to do, for one that cannot be had.
        """


@runtime_checkable
class Uses(Protocol):
    """A target that can say what its things use of the machine."""

    def uses(self, stack: str) -> Mapping[str, Usage]:
        """By address, of everything of the stack that runs; what is not known of a thing is None. Changes nothing."""


@runtime_checkable
class NodeCapacity(Protocol):
    """A target that can say how much memory it has for more replicas."""

    def free_memory(self) -> FreeMemory | None:
        """Of the machine that its things run on, now; None where it cannot be known. Changes nothing."""


@runtime_checkable
class TellsLimits(Protocol):
    """A target that keeps programs apart less well than others do."""

    def limit(self) -> str:
        """What a stack's programs can reach here that they should not, and what to do; or nothing. One sentence."""


@runtime_checkable
class TellsFaults(Protocol):
    """A target that can say of a program, before it is started, that it never will."""

    def fault(self, resource: Resource) -> str:
        """Why this replica or job can never start here, or nothing. Changes nothing."""
