"""Which hosts of a fleet are managers, and the steps that lead there, none of which loses the quorum.

A Swarm takes changes as long as more than half of its managers answer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from infra_specs.errors import PlanError

Role = Literal["manager", "worker"]


@dataclass(frozen=True, slots=True)
class Member:
    """One host as it is, in the order of the list."""

    host: str
    role: Role | None
    """None is a host that is in no Swarm."""
    answers: bool
    is_listed: bool = True
    """Whether it is in the fleet's list, and not to leave."""
    data: tuple[str, ...] | None = ()
    """What it holds that is nowhere else; None if nobody could ask. Looked for on a host that is to leave."""


@dataclass(frozen=True, slots=True)
class MembershipStep:
    """One step: `start` makes a Swarm, `remove` takes out a host that does not answer."""

    kind: Literal["start", "join", "promote", "demote", "leave", "remove"]
    host: str
    role: Role
    """What the host is after the step, or was before it left."""
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.host} ({self.reason})"


def manager_count(hosts: int) -> int:
    """How many of so many hosts are managers: an odd number, for an even one survives no more losses."""
    return 5 if hosts >= 5 else 3 if hosts >= 3 else 1


def has_quorum(managers: int, answering: int) -> bool:
    """Whether a Swarm of so many managers takes changes."""
    return 2 * answering > managers


def membership_steps(members: Sequence[Member]) -> tuple[MembershipStep, ...]:
    """The steps from what is to what should be, in their order; none if all is well.

    Raises PlanError if no step may be taken: without a quorum, without a host that answers, or for data that would go.
    """
    _require_possible(members)
    listed = [member for member in members if member.is_listed]
    chosen = _chosen(listed)
    missing = _missing_managers(listed, chosen)
    reason = f"{_managers(manager_count(len(listed)))} for {_hosts(len(listed))}"
    return (
        *_joining(members, listed, chosen, reason),
        *_demoted_missing(members, missing),
        *_demoted(listed, chosen, reason),
        *_leaving(members),
    )


def roles_after(members: Sequence[Member]) -> dict[str, Role]:
    """The roles once all steps are taken, by host; of members alone. Raises as `membership_steps`."""
    roles = {member.host: member.role for member in members}
    for step in membership_steps(members):
        gone = step.kind in ("leave", "remove")
        roles[step.host] = None if gone else step.role
    return {host: role for host, role in roles.items() if role is not None}


def _require_possible(members: Sequence[Member]) -> None:
    if not any(member.answers and member.is_listed for member in members):
        raise PlanError("No host of the fleet answers, so nothing can be changed.")
    managers = [member for member in members if member.role == "manager"]
    answering = sum(member.answers for member in managers)
    if managers and not has_quorum(len(managers), answering):
        raise PlanError(
            f"{answering} of {_managers(len(managers))} answer{'s' if answering == 1 else ''}, and a Swarm takes "
            f"changes only from more than half. What runs goes on. Start these again: "
            f"{', '.join(member.host for member in managers if not member.answers)}. If they are "
            "lost for good, make a new Swarm of the hosts that are left: tenfold hosts recover FLEET"
        )
    silent = [member.host for member in members if not member.answers and (member.is_listed or member.data is None)]
    if silent and not any(member.role for member in members):
        raise PlanError(
            f"No host that answers is in a Swarm, and {_joined(silent)} may be in one. Start "
            f"{'it' if len(silent) == 1 else 'them'} first, so that there are not two."
        )
    _require_no_data(members)


def _require_no_data(members: Sequence[Member]) -> None:
    """On the hosts that are to leave."""
    for member in members:
        if member.data is None and member.role and not member.is_listed:
            raise PlanError(
                f"{member.host} is no longer in the list, and cannot be asked for the data that it holds. Start it "
                "again or put it back into the list. If it is lost for good, remove it from the Swarm on a manager: "
                "docker node demote, and docker node rm --force."
            )
        if member.data and not member.is_listed:
            raise PlanError(
                f"{member.host} is no longer in the list, and holds data that is nowhere else: "
                f"{', '.join(member.data)}. Put it back into the list, or delete that data first."
            )


def _chosen(listed: Sequence[Member]) -> list[Member]:
    """The managers to be: of those that answer the managers of now first, then by the list."""
    answering = sorted((member for member in listed if member.answers), key=lambda member: member.role != "manager")
    return answering[: manager_count(len(listed))]


def _missing_managers(listed: Sequence[Member], chosen: Sequence[Member]) -> list[Member]:
    """The managers without an answer that stay what they are: where nobody can take their place, they may come back.

    Fewer than those that answer, so that these decide.
    """
    silent = [member for member in listed if member.role == "manager" and not member.answers]
    return silent[: min(manager_count(len(listed)) - len(chosen), len(chosen) - 1)]


def _joining(
    members: Sequence[Member], listed: Sequence[Member], chosen: Sequence[Member], reason: str
) -> Iterator[MembershipStep]:
    """New hosts, the new managers among them, and workers that become managers."""
    is_started = any(member.role for member in members)
    for member in chosen:
        if member.role is None:
            kind: Literal["start", "join"] = "join" if is_started else "start"
            yield MembershipStep(kind, member.host, "manager", reason if is_started else "there is no Swarm yet")
            is_started = True
        elif member.role == "worker":
            yield MembershipStep("promote", member.host, "manager", reason)
    for member in listed:
        if member.role is None and member.answers and member not in chosen:
            yield MembershipStep("join", member.host, "worker", "it is in the list, and in no Swarm")


def _demoted_missing(members: Sequence[Member], kept: Sequence[Member]) -> Iterator[MembershipStep]:
    """Managers without an answer that others decide without."""
    for member in members:
        if member.role == "manager" and not member.answers and member not in kept:
            if member.is_listed:
                yield MembershipStep(
                    "demote", member.host, "worker", "it does not answer, and others decide without it"
                )
            else:
                yield MembershipStep("remove", member.host, "manager", "it is not in the list, and does not answer")


def _demoted(listed: Sequence[Member], chosen: Sequence[Member], reason: str) -> Iterator[MembershipStep]:
    """Managers beyond the number."""
    for member in listed:
        if member.role == "manager" and member.answers and member not in chosen:
            yield MembershipStep("demote", member.host, "worker", reason)


def _leaving(members: Sequence[Member]) -> Iterator[MembershipStep]:
    """Hosts that are not in the list any more."""
    for member in members:
        if member.is_listed or member.role is None:
            continue
        if member.answers:
            if member.role == "manager":
                yield MembershipStep("demote", member.host, "worker", "it is not in the list")
            yield MembershipStep("leave", member.host, "worker", "it is not in the list")
        elif member.role == "worker":
            yield MembershipStep("remove", member.host, "worker", "it is not in the list, and does not answer")


def _joined(hosts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(hosts[:-1]), hosts[-1])))


def _managers(number: int) -> str:
    return "1 manager" if number == 1 else f"{number} managers"


def _hosts(number: int) -> str:
    return "1 host" if number == 1 else f"{number} hosts"
