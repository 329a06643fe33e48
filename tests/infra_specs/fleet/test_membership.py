"""Who becomes a manager and in which order: cases, and that no step loses the quorum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.errors import PlanError
from infra_specs.fleet.membership import Member, has_quorum, manager_count, membership_steps

pytestmark = pytest.mark.pure


def fleet(text: str) -> list[Member]:
    """`a:manager b:worker c d:manager! -e:worker`.

    `!` does not answer, `-` is not in the list, `+` holds data, `?` cannot be asked for its data.
    """
    members = list[Member]()
    for word in text.split():
        name, _, role = word.strip("-!+?").partition(":")
        assert role in ("", "manager", "worker")
        data = ("volume/database of shop",) if "+" in word else None if "?" in word else ()
        members.append(Member(name, role or None, "!" not in word, not word.startswith("-"), data))  # type: ignore[arg-type]
    return members


LOST = "If they are lost for good, make a new Swarm of the hosts that are left: tenfold hosts recover FLEET"
CASES = {
    "": None,
    "a": ["start a (there is no Swarm yet)"],
    "a b": ["start a (there is no Swarm yet)", "join b (it is in the list, and in no Swarm)"],
    "a b c": [
        "start a (there is no Swarm yet)", "join b (3 managers for 3 hosts)", "join c (3 managers for 3 hosts)",
    ],
    "a b c d": [
        "start a (there is no Swarm yet)", "join b (3 managers for 4 hosts)", "join c (3 managers for 4 hosts)",
        "join d (it is in the list, and in no Swarm)",
    ],
    # Some do not answer, and may be in a Swarm: no second one begins beside it.
    "a! b c": (
        "No host that answers is in a Swarm, and a may be in one. Start it first, so that there are not two."
    ),
    "a! b! c -d!?": (
        "No host that answers is in a Swarm, and a, b and d may be in one. Start them first, so that there are not two."
    ),
    "a -b!": ["start a (there is no Swarm yet)"],
    # All is well.
    "a:manager": [],
    "a:manager b:worker": [],
    "a:manager b:manager c:manager d:worker": [],
    "a:worker b:manager c:manager d:manager": [],
    # Hosts are added.
    "a:manager b": ["join b (it is in the list, and in no Swarm)"],
    "a:manager b:worker c": ["promote b (3 managers for 3 hosts)", "join c (3 managers for 3 hosts)"],
    "a:manager b:manager c:manager d:worker e": [
        "promote d (5 managers for 5 hosts)", "join e (5 managers for 5 hosts)",
    ],
    # Hosts are taken out of the list.
    "a:manager -b:worker": ["leave b (it is not in the list)"],
    "a:manager b:manager -c:manager": [
        "demote b (1 manager for 2 hosts)", "demote c (it is not in the list)", "leave c (it is not in the list)",
    ],
    "-a:manager b:worker": [
        "promote b (1 manager for 1 host)", "demote a (it is not in the list)", "leave a (it is not in the list)",
    ],
    "-a:manager b": [
        "join b (1 manager for 1 host)", "demote a (it is not in the list)", "leave a (it is not in the list)",
    ],
    "a:manager -b": [],
    # A manager is lost, and nobody can take its place: it may come back.
    "a:manager b:manager c:manager!": [],
    # A manager is lost, and a worker takes its place.
    "a:manager b:manager c:manager! d:worker": [
        "promote d (3 managers for 4 hosts)", "demote c (it does not answer, and others decide without it)",
    ],
    # A lost host is taken out of the list.
    "a:manager b:manager -c:manager! d:worker": [
        "promote d (3 managers for 3 hosts)", "remove c (it is not in the list, and does not answer)",
    ],
    "a:manager -b:worker!": ["remove b (it is not in the list, and does not answer)"],
    # One of the last two that answer leaves: the silent one must not outvote who stays.
    "a:manager -b:manager c:manager! d:worker!": [
        "demote c (it does not answer, and others decide without it)", "demote b (it is not in the list)",
        "leave b (it is not in the list)",
    ],
    # Two of five at once.
    "a:manager b:manager c:manager d:manager! e:manager! f:worker": [
        "promote f (5 managers for 6 hosts)", "demote e (it does not answer, and others decide without it)",
    ],
    # A worker is away: nothing follows.
    "a:manager b:worker!": [],
    "a:manager b!": [],
    # Nothing may be changed.
    "a! b!": "No host of the fleet answers, so nothing can be changed.",
    "-a:manager b:worker!": "No host of the fleet answers, so nothing can be changed.",
    "a:manager b:manager! c:manager!": (
        "1 of 3 managers answers, and a Swarm takes changes only from more than half. What runs goes on. Start these "
        f"again: b, c. {LOST}"
    ),
    "a:manager b:manager c:manager! d:manager! e:worker": (
        "2 of 4 managers answer, and a Swarm takes changes only from more than half. What runs goes on. Start these "
        f"again: c, d. {LOST}"
    ),
    "a:manager -b:worker+": (
        "b is no longer in the list, and holds data that is nowhere else: volume/database of shop. Put it back into "
        "the list, or delete that data first."
    ),
    "a:manager b:worker+": [],
    # A host whose data nobody can ask for.
    "a:manager -b:worker!?": (
        "b is no longer in the list, and cannot be asked for the data that it holds. Start it again or put it back "
        "into the list. If it is lost for good, remove it from the Swarm on a manager: docker node demote, and docker "
        "node rm --force."
    ),
    "a:manager -b!?": [],
}  # fmt: skip


@pytest.mark.parametrize(("members", "expected"), CASES.items())
def test_a_fleet_gets_these_steps(members: str, expected: list[str] | str | None) -> None:
    if isinstance(expected, list):
        assert [str(step) for step in membership_steps(fleet(members))] == expected
        return
    with pytest.raises(PlanError) as refused:
        membership_steps(fleet(members))
    assert str(refused.value) == (expected or "No host of the fleet answers, so nothing can be changed.")


@pytest.mark.parametrize(("hosts", "managers"), [(1, 1), (2, 1), (3, 3), (4, 3), (5, 5), (6, 5), (100, 5)])
def test_an_odd_number_of_managers(hosts: int, managers: int) -> None:
    assert manager_count(hosts) == managers


def roles() -> st.SearchStrategy[Member]:
    return st.builds(
        Member,
        st.just(""),
        st.sampled_from([None, "worker", "manager"]),
        st.booleans(),
        st.booleans(),
        st.sampled_from([(), (), (), None]),
    )


@given(st.lists(roles(), min_size=1, max_size=9))
def test_no_step_loses_the_quorum_and_the_end_needs_no_further_step(members: list[Member]) -> None:
    named = [
        Member(str(number), member.role, member.answers, member.is_listed, member.data)
        for number, member in enumerate(members)
    ]
    if any(member.role == "worker" for member in named) and not any(member.role == "manager" for member in named):
        return  # there is no Swarm without a manager
    try:
        steps = membership_steps(named)
    except PlanError:
        return
    by_host = {member.host: member for member in named}
    for step in steps:
        member = by_host[step.host]
        assert member.is_listed or member.data is not None, "nothing is taken from a host that cannot be asked"
        assert member.answers or step.kind in ("demote", "remove"), "nothing is asked of who does not answer"
        gone = step.kind in ("leave", "remove")
        role = None if gone else step.role
        by_host[step.host] = Member(member.host, role, member.answers, member.is_listed, member.data)
        managers = [other for other in by_host.values() if other.role == "manager"]
        assert has_quorum(len(managers), sum(other.answers for other in managers)), str(step)
    after = list(by_host.values())
    assert membership_steps(after) == ()
    assert [member for member in after if member.role and not member.is_listed] == []
