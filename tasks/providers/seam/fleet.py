"""A provider of hosts: what one look at a fleet of them tells."""

from collections.abc import Collection, Iterator
from typing import Protocol

from infra_specs.errors import TenfoldError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.seam.provider import KindProvider


class FleetSurvey(Protocol):
    """A fleet at one moment."""

    @property
    def fault(self) -> TenfoldError | None:
        """Why nobody can tell who is in the fleet's Swarm; None if somebody can."""

    @property
    def has_unnamed_members(self) -> bool:
        """Whether a killed run left nodes that bear no host's name, or are no host's. A sweep sees to them."""

    def refusals(self, recorded: Collection[str], public: tuple[int, ...] = ()) -> tuple[str, ...]:
        """A sentence for each thing that is in the way on a host. `recorded`: the fleet's hosts in the ledger.

        `public`: the ports of the stacks on the fleet.
        """

    def notes(self) -> tuple[str, ...]:
        """What is good to know."""

    @property
    def held_back(self) -> frozenset[str]:
        """The hosts that nothing new is placed on, since they were to leave."""

    def data(self) -> tuple[str, ...]:
        """A sentence for each host that is to leave and holds data that is nowhere else."""

    def instances(self) -> Iterator[Instance]:
        """Everything that is there of the fleet. Raises `fault`."""

    def resources(self, public: tuple[int, ...]) -> tuple[Resource, ...]:
        """Everything that shall be there and can be seen to now. `public`: the ports of the stacks on the fleet.

        Raises PlanError if the steps to that would lose the quorum, or data; and `fault`.
        """


class FleetProvider(KindProvider):
    """Hosts as a target. A stack is a fleet here: its name, its addresses."""

    def survey(self) -> FleetSurvey:
        """Look at every host, and ask the managers who is in the Swarm. Changes nothing, and raises no error."""
        raise NotImplementedError

    def stacks_on(self, hosts: Collection[str]) -> tuple[str, ...]:
        """The names of the stacks with a slot or a job on these hosts, of those that answer."""
        raise NotImplementedError

    def hold_back(self, hosts: Collection[str]) -> None:
        """Let nothing new be placed on these hosts, and again on all others that were held back. What runs goes on."""
        raise NotImplementedError

    def recover(self) -> str:
        """Make a new Swarm of the hosts that answer, begun by one of its managers; returns that one's name.

        There is a quorum: nothing is done, and the answer is empty. Killed and called again, it ends in the same.
        Raises PlanError if no manager answers.
        """
        raise NotImplementedError
