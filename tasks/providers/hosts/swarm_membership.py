"""The steps of a fleet's membership in their safe order, taken as changes of single members ask for them."""

import threading

from infra_specs.fleet.membership import Member, MembershipStep, membership_steps
from infra_specs.stackfile.models.hosts import FleetHosts
from tasks.providers.hosts.engines import FleetEngines
from tasks.providers.hosts.members import FleetState, look_at_fleet, members_among
from tasks.providers.hosts.swarm_steps import carry_out, label_members, leave_by_force


class SwarmMembership:
    """A plan changes one member at a time, and several at once. Which step comes first decides on the quorum.

    So the steps are decided together, once the engines run, and a change of one host takes all steps up to its own.
    The next host finds those taken.
    """

    def __init__(self, fleet: FleetHosts, engines: FleetEngines) -> None:
        self._fleet, self._engines = fleet, engines
        self._alone = threading.Lock()
        self._state: FleetState | None = None
        self._left: list[MembershipStep] = []

    def settle(self, host: str) -> None:
        """Take every step up to the last one of this host. There is none: success.

        Raises PlanError for steps that would lose the quorum or data, ProviderError and its kinds for one that fails;
        then the fleet is looked at anew.
        """
        with self._alone:
            if self._state is None:
                self._look()
            state = self._state
            assert state is not None
            if not self._fleet.hosts:
                self._dissolve(state)
                return
            own = [number for number, step in enumerate(self._left) if step.host == host]
            for _ in range(own[-1] + 1 if own else 0):
                try:
                    carry_out(self._left[0], self._fleet.name, state, self._engines)
                except BaseException:
                    self._state = None
                    raise
                self._left.pop(0)

    def members(self) -> tuple[Member, ...]:
        """The members by what the managers say now. Raises TransientError if none of them answers."""
        with self._alone:
            if self._state is None:
                self._look()
            state = self._state
            assert state is not None
            if any(step.kind == "start" for step in self._left):
                return ()
        first = (*state.managers, *(name for name in state.addresses if name not in state.managers))
        return members_among(self._engines.ask_one(first, lambda engine: engine.nodes()))

    def look_anew(self) -> None:
        """Forget what was seen: somebody looks at the fleet again."""
        with self._alone:
            self._state = None

    def _dissolve(self, state: FleetState) -> None:
        """Nobody is left in the list: all leave at once, and the managers last, so that a rest of it has some.

        A host that does not answer is left as it is: it may be lost for ever.
        """
        for member in sorted(state.members, key=lambda member: member.role == "manager"):
            if member.role is not None and member.host in state.addresses:
                leave_by_force(member.host, self._engines)

    def _look(self) -> None:
        state = look_at_fleet(self._fleet.name, self._engines, self._fleet.leaving)
        label_members(state, self._engines)
        self._left = list(membership_steps(state.members)) if self._fleet.hosts else []
        self._state = state
