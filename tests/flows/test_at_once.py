"""Many runs at the same moment: one stack, clear answers, and stacks that never touch."""

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.deploy import deploy
from flows.provision import provision
from flows.scale import scale
from tests.flows.shop import addresses, observed, runs, shop
from tests.support.children import Child, Ended, run, start

pytestmark = [pytest.mark.prefect, pytest.mark.proof]
MANY = 10
EVERYTHING = [
    "cache/main", "database/main", "proxy/main", "replica/web-0", "replica/web-1", "route/web", "volume/database",
]  # fmt: skip


@pytest.fixture
def children() -> Iterator[list[Child]]:
    started: list[Child] = []
    yield started
    for child in started:
        child.kill()


def test_ten_provisions_of_one_stack_are_one_and_nine_clear_answers(
    home: Path, prefect_server: None, children: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gets the lock stops there until the other nine have their answers, so that all ten overlap."""
    monkeypatch.setenv("TENFOLD_LEASE_SECONDS", "300")
    parameters = {"spec": shop(), "source": "/srv"}
    for _ in range(MANY):
        children.append(start(provision, parameters, at=1, by=signal.SIGSTOP, only="after ledger.locks.acquire".__eq__))
    winner = only_stopped(children)
    refused = [child.wait() for child in children if child is not winner]
    winner.wake()
    assert winner.wait().state == "COMPLETED"
    expected = re.compile(
        rf"shop is being changed by provision \(.+ on .+, pid {winner.pid}, flow run [0-9a-f-]{{36}}\) "
        r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(for \d+ s\); wait for it with --wait or try again"
    )
    assert [outcome.state for outcome in refused] == ["FAILED"] * (MANY - 1)
    assert [outcome.message for outcome in refused if not expected.fullmatch(outcome.message)] == []
    assert addresses(home) == EVERYTHING
    (done,) = runs()
    assert done.state == "done"


def test_ten_that_wait_all_complete_and_nine_of_them_change_nothing(
    home: Path, prefect_server: None, children: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENFOLD_LEASE_SECONDS", "300")
    parameters = {"spec": shop(), "source": "/srv", "wait": True}
    children += [start(provision, parameters) for _ in range(MANY)]
    ended = [child.wait() for child in children]
    assert [outcome.state for outcome in ended] == ["COMPLETED"] * MANY, [outcome.message for outcome in ended]
    effects = [sum(point.startswith("after create") for point in outcome.points) for outcome in ended]
    assert sorted(effects) == [0] * (MANY - 1) + [len(EVERYTHING)]
    assert addresses(home) == EVERYTHING
    assert [len(one.changes) for one in reversed(runs())] == [len(EVERYTHING)] + [0] * (MANY - 1)
    assert {one.state for one in runs()} == {"done"}


def test_runs_that_wait_are_carried_out_in_the_order_in_which_they_were_asked_for(
    home: Path, prefect_server: None, children: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one is stopped before it asks for the lock: the others wait for it, though the lock is free."""
    assert run(provision, {"spec": shop(), "source": "/srv"}).state == "COMPLETED"
    monkeypatch.setenv("TENFOLD_LEASE_SECONDS", "300")

    def asked(number: int, **stop: Any) -> Child:
        parameters = {"stack": "shop", "service": "web", "env": {"NUMBER": str(number)}, "wait": True}
        children.append(start(deploy, parameters, **stop))
        return children[-1]

    first = asked(1, at=1, by=signal.SIGSTOP, only="before ledger.tickets.renew".__eq__)
    first.until_stopped()
    later = [asked(2, at=1, by=signal.SIGSTOP, only="after ledger.tickets.renew".__eq__)]
    later[0].until_stopped()
    later.append(asked(3, at=1, by=signal.SIGSTOP, only="after ledger.tickets.renew".__eq__))
    later[1].until_stopped()
    for child in (*reversed(later), first):
        child.wake()
    ended = [child.wait() for child in (first, *later)]
    assert [outcome.state for outcome in ended] == ["COMPLETED"] * 3, [outcome.message for outcome in ended]
    order = [
        re.findall(r"NUMBER (?:set to |\d -> )(\d)", one.reason) for one in reversed(runs()) if one.verb == "deploy"
    ]
    assert order == [["1"], ["2"], ["3"]]


def test_who_waits_builds_on_what_the_other_left(
    home: Path, prefect_server: None, children: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scale that waits for a provision of another spec must not bring the old one back."""
    assert run(provision, {"spec": shop(), "source": "/srv"}).state == "COMPLETED"
    monkeypatch.setenv("TENFOLD_LEASE_SECONDS", "300")
    changed = {"spec": shop(env={"COLOUR": "blue"}), "source": "/srv"}
    first = start(provision, changed, at=1, by=signal.SIGSTOP, only="after ledger.locks.acquire".__eq__)
    children.append(first)
    first.until_stopped()
    waiting = start(
        scale, {"stack": "shop", "service": "web", "replicas": 3, "wait": True},
        at=1, by=signal.SIGSTOP, only="before ledger.locks.acquire".__eq__,
    )  # fmt: skip
    children.append(waiting)
    waiting.until_stopped()
    waiting.wake()
    first.wake()
    assert [first.wait().state, waiting.wait().state] == ["COMPLETED", "COMPLETED"]
    fingerprints = {instance.address: instance.fingerprint for instance in observed(home) if instance.kind == "replica"}
    assert len(fingerprints) == 3
    again = run(provision, changed)
    assert again.message.startswith("nothing to do"), again.message
    assert {
        instance.address: instance.fingerprint for instance in observed(home) if instance.kind == "replica"
    } == fingerprints


def test_two_stacks_at_once_never_touch(
    home: Path, prefect_server: None, children: list[Child], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENFOLD_LEASE_SECONDS", "300")
    for name in ("shop", "blog"):
        parameters = {"spec": shop(name), "source": "/srv"}
        children.append(start(provision, parameters, at=1, by=signal.SIGSTOP, only="after ledger.runs.begin".__eq__))
    for child in children:
        child.until_stopped()  # both hold their locks, and both have their plans
    for child in children:
        child.wake()
    ended: list[Ended] = [child.wait() for child in children]
    assert [outcome.state for outcome in ended] == ["COMPLETED"] * 2, [outcome.message for outcome in ended]
    for name in ("shop", "blog"):
        assert addresses(home, name) == EVERYTHING
        (done,) = runs(name)
        assert (done.state, len(done.changes)) == ("done", len(EVERYTHING))
        assert all(
            name in value
            for instance in observed(home, name)
            for key, value in instance.outputs.items()
            if key == "host"
        )


def only_stopped(children: list[Child]) -> Child:
    """The one that stopped, once there is one."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for child in children:
            if child.stopped():
                return child
        time.sleep(0.05)
    raise AssertionError(f"nobody got the lock of {[os.getpgid(child.pid) for child in children]}")
