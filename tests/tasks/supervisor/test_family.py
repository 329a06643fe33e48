"""Which processes count as the kept one's own."""

import pytest

from tasks.supervisor.family import Entry, Kept, belongs

pytestmark = pytest.mark.pure

GUARDIAN, SUPERVISOR, LEADER, OTHER = 10, 11, 20, 30
KEPT = Kept(LEADER, None, [OTHER], SUPERVISOR, GUARDIAN)
BASE = {
    1: Entry(0, 1, 0),
    GUARDIAN: Entry(1, GUARDIAN, 100),
    SUPERVISOR: Entry(GUARDIAN, GUARDIAN, 101),
    LEADER: Entry(SUPERVISOR, LEADER, 200),
    OTHER: Entry(SUPERVISOR, OTHER, 210),
}


OWNER, OTHER_OWNER, LAUNCHER = 15, 16, 12
OWNED = Kept(LEADER, OWNER, [OTHER, OTHER_OWNER], SUPERVISOR, GUARDIAN)
OWNED_BASE = BASE | {
    LAUNCHER: Entry(SUPERVISOR, GUARDIAN, 102),
    OWNER: Entry(LAUNCHER, GUARDIAN, 199),
    LEADER: Entry(OWNER, LEADER, 200),
    OTHER_OWNER: Entry(LAUNCHER, GUARDIAN, 209),
    OTHER: Entry(OTHER_OWNER, OTHER, 210),
}


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ({40: Entry(OWNER, 40, 220)}, True),
        ({41: Entry(40, 40, 221), 40: Entry(OWNER, 40, 220)}, True),
        ({40: Entry(OTHER_OWNER, 40, 220)}, False),
        ({OWNER: Entry(LAUNCHER, GUARDIAN, 199)}, False),
        ({OTHER_OWNER: Entry(LAUNCHER, GUARDIAN, 209)}, False),
        # The launcher was killed: the owners are the guardian's children.
        ({OTHER_OWNER: Entry(GUARDIAN, GUARDIAN, 209)}, False),
        ({40: Entry(OTHER_OWNER, 40, 220), OTHER_OWNER: Entry(GUARDIAN, GUARDIAN, 209)}, False),
        ({40: Entry(OWNER, 40, 220), OWNER: Entry(GUARDIAN, GUARDIAN, 199)}, True),
    ],
)
def test_orphans_belong_to_their_owners_leader(added: dict[int, Entry], expected: bool) -> None:
    assert belongs(next(iter(added)), OWNED, OWNED_BASE | added) is expected


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ({LEADER: Entry(SUPERVISOR, LEADER, 200)}, True),
        ({40: Entry(LEADER, LEADER, 220)}, True),
        ({40: Entry(LEADER, 40, 220)}, True),
        ({41: Entry(40, 41, 221), 40: Entry(LEADER, 40, 220)}, True),
        # Its parent ended: still of the session, or a daemon.
        ({40: Entry(GUARDIAN, LEADER, 220)}, True),
        ({40: Entry(1, LEADER, 220)}, True),
        ({40: Entry(GUARDIAN, 40, 220)}, True),
        ({41: Entry(40, 40, 221), 40: Entry(GUARDIAN, 40, 220)}, True),
        # An earlier start's daemon, and one of nobody's.
        ({40: Entry(GUARDIAN, 40, 199)}, False),
        ({40: Entry(1, 40, 220)}, False),
        # Another process of the same supervisor, its child, and what it left of its session.
        ({OTHER: Entry(SUPERVISOR, OTHER, 210)}, False),
        ({OTHER: Entry(GUARDIAN, OTHER, 210)}, False),
        ({40: Entry(OTHER, OTHER, 220)}, False),
        ({40: Entry(OTHER, 40, 220)}, False),
        ({40: Entry(GUARDIAN, OTHER, 220)}, False),
        ({40: Entry(OTHER, 40, 220), OTHER: Entry(GUARDIAN, OTHER, 210)}, False),
        # The supervisor itself, its probes and preparations, another supervisor's processes.
        ({SUPERVISOR: Entry(GUARDIAN, GUARDIAN, 101)}, False),
        ({40: Entry(SUPERVISOR, 40, 220)}, False),
        ({42: Entry(41, 42, 222), 41: Entry(40, 40, 221), 40: Entry(1, 40, 220)}, False),
        # A table that was read while it changed.
        ({40: Entry(41, 40, 220), 41: Entry(40, 41, 220)}, False),
        ({40: Entry(99, 40, 220)}, False),
    ],
)
def test_belongs(added: dict[int, Entry], expected: bool) -> None:
    pid = next(iter(added))
    assert belongs(pid, KEPT, BASE | added) is expected


def test_the_family_stays_when_supervisor_and_leader_were_taken_over() -> None:
    table = BASE | {
        LEADER: Entry(GUARDIAN, LEADER, 200),
        40: Entry(LEADER, 40, 220),
        OTHER: Entry(GUARDIAN, OTHER, 210),
    }
    assert belongs(40, KEPT, table)
    assert not belongs(OTHER, KEPT, table)


def test_nobody_belongs_to_a_leader_that_is_gone() -> None:
    table = {pid: entry for pid, entry in BASE.items() if pid != LEADER}
    assert not belongs(LEADER, KEPT, table)
    assert not belongs(OTHER, KEPT, table)


def test_without_a_guardian_no_orphan_belongs() -> None:
    table = {pid: entry for pid, entry in BASE.items() if pid != GUARDIAN} | {
        SUPERVISOR: Entry(1, GUARDIAN, 101),
        40: Entry(1, 40, 220),
        41: Entry(0, 41, 220),
        42: Entry(LEADER, 42, 220),
    }
    kept = Kept(LEADER, None, [OTHER], SUPERVISOR, None)
    assert [pid for pid in (40, 41, 42) if belongs(pid, kept, table)] == [42]
