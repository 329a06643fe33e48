"""What is said of a process of the control plane that is not well, or was not lately."""

import pytest

from deployments.server.plane_faults import Surroundings, fault_of
from tasks.supervisor.process import End, Process, State, Status
from tasks.supervisor.state_changes import StateChanges
from tasks.supervisor.store import ProcessRecord

pytestmark = pytest.mark.pure

NOW = 1_000_000.0
KILLED = End(NOW - 12, "exited with 137", 137)
BROKEN = End(NOW - 3, "exited with 3", 3)
TAKEN = End(NOW - 3, "port 4200 is taken by nginx (pid 7)")
HUNG = End(NOW - 3, "did not answer for 10 s and was killed")
FREE = Surroundings()


def status(state: State, *ends: End, reason: str = "new") -> Status:
    return Status(Process("server", ("run",)), state, reason, NOW - 40, None, len(ends), None, ends)


@pytest.mark.parametrize(
    ("seen", "log", "around", "parts"),
    [
        (status("healthy"), "", FREE, []),
        (status("healthy", BROKEN), "", FREE, []),
        (status("healthy", *[End(NOW - 700, "exited with 137", 137)] * 9), "", FREE, []),
        (status("healthy", KILLED, KILLED), "", FREE, ["ended 2 times within 10 minutes, the last time 12 s ago"]),
        (
            status("starting", *[KILLED] * 7), "x", Surroundings(128),
            [
                "The server ended 7 times within 10 minutes, the last time 12 s ago: exited with 137. SIGKILL ended it",
                "Its container or unit may use 128 MB. The control plane needs about 450 MB. Give it more.",
                "Then run: tenfold server start",
            ],
        ),
        (status("starting", KILLED), "", FREE, ["ended once", "want of memory", "needs about 450 MB"]),
        (
            status("failed", BROKEN), "ImportError: prefect\n", FREE,
            ["exited with 3. The last lines of its log:\nImportError: prefect\nMend the cause. Then run: tenfold"],
        ),
        (status("failed", TAKEN), "", FREE, ["is taken by nginx (pid 7). Mend the cause. Then run: tenfold server"]),
        (status("starting", HUNG), "", FREE, ["10 s and was killed. Mend the cause."]),
        (
            status("starting", reason="does not answer yet"), "", Surroundings(None, ("sqlite3 (pid 9)",)),
            ["The server is starting for 40 s: does not answer yet. A database of it is locked by sqlite3 (pid 9)"],
        ),
        (status("healthy"), "", Surroundings(None, ("sqlite3 (pid 9)",)), []),
        (
            status("failed", BROKEN), "database is locked", Surroundings(64, ("sqlite3 (pid 9)", "b (pid 8)")),
            ["is locked by sqlite3 (pid 9) and b (pid 8): end that. Then run: tenfold server start"],
        ),
    ],
)  # fmt: skip
def test_how_often_and_how_it_ended_and_what_to_do(
    seen: Status, log: str, around: Surroundings, parts: list[str]
) -> None:
    told = fault_of(seen, log, around, NOW)
    assert bool(told) == bool(parts)
    for part in parts:
        assert part in told


@pytest.mark.parametrize(
    ("code", "hung", "kept"), [(-9, False, 137), (-9, True, None), (3, False, 3), (None, False, None)], ids=str
)
async def test_an_end_is_remembered_with_its_code_unless_it_was_ours(
    code: int | None, hung: bool, kept: int | None
) -> None:
    changes = StateChanges(ProcessRecord(Process("a", ("b",))), lambda: None, lambda _: None)
    for _ in range(30):
        changes.ended("so", code, hung=hung)
    assert [end.code for end in changes.record.status().ends] == [kept] * 20
