"""Many processes at one ledger; killed ones, and paused ones that wake too late."""

import re
import signal
from collections.abc import Callable

import pytest

from infra_specs.errors import LockHeld
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner
from tests.tasks.ledger.child import Child
from tests.tasks.ledger.test_locks import acquired_late

Make = Callable[[], Child]


@pytest.fixture
def crowd(ten: list[Child], here: Settings) -> list[Child]:
    """Ten processes, told to open this ledger at the same moment, before it was made."""
    for process in ten:
        process.tell("open", str(here.home), here.ledger_url)
    assert [process.answer() for process in ten] == ["open"] * 10
    return ten


def all_at_once(crowd: list[Child], *words: object) -> list[object]:
    for process in crowd:
        process.tell(*words)
    return [process.answer() for process in crowd]


def test_ten_open_a_new_ledger_and_all_see_the_same(crowd: list[Child], here: Settings) -> None:
    crowd[0].ask("work", "shop", 1)
    with Ledger.open(here) as ledger:
        assert [run.state for run in ledger.runs.history("shop", 10)] == ["done"]


def test_ten_race_and_one_gets_the_lock(crowd: list[Child]) -> None:
    answers = all_at_once(crowd, "acquire", "shop", 600)
    winners = [process for process, answer in zip(crowd, answers, strict=True) if answer == 1]
    assert len(winners) == 1
    sentence = re.compile(
        rf"LockHeld: shop is being changed by provision \(.+ on .+, pid {winners[0].process.pid}\) since "
        r"[-\d]+ [:\d]+ UTC \(for \d+ s\); wait for it with --wait or try again"
    )
    assert sum(bool(sentence.fullmatch(str(answer))) for answer in answers) == 9


def test_ten_write_fifty_changes_each_and_none_is_lost(crowd: list[Child], ledger: Ledger) -> None:
    for number, process in enumerate(crowd):
        process.tell("work", f"stack-{number}", 50)
    ids = [process.answer() for process in crowd]
    assert len(set(ids)) == 10
    for number, run_id in enumerate(ids):
        run = ledger.runs.get(run_id)
        assert (run.stack, run.state, len(run.changes)) == (f"stack-{number}", "done", 50)
        assert {change.state for change in run.changes} == {"done"}


def test_ten_set_one_secret_and_every_version_is_one_value(crowd: list[Child], ledger: Ledger) -> None:
    told = all_at_once(crowd, "secrets", "shop", "stripe", 5)
    versions = [version for answer in told for version in answer]  # type: ignore[attr-defined]
    assert sorted(versions) == list(range(1, 51))
    assert len({ledger.secrets.value("shop", "stripe", version) for version in versions}) == 50


def test_ten_ensure_one_secret_and_it_is_made_once(crowd: list[Child], ledger: Ledger) -> None:
    assert all_at_once(crowd, "ensure", "shop", "database") == [1] * 10
    assert ledger.secrets.versions("shop") == {"database": 1}


def test_a_killed_owner_loses_the_lock_at_once_and_its_run_has_crashed(ledger: Ledger, child: Make, me: Owner) -> None:
    other = child()
    assert other.ask("acquire", "shop", 600) == 1
    run = other.ask("begin")
    other.ask("intend")
    with pytest.raises(LockHeld):
        ledger.locks.acquire("shop", me, 600)
    other.signal(signal.SIGKILL)
    ours = acquired_late(ledger, "shop", me, 600)
    assert ours.fence == 2
    crashed = ledger.runs.get(run)
    assert (crashed.state, [change.state for change in crashed.changes]) == ("crashed", ["intended"])
    assert crashed.ended is not None
    assert "goes on from what is there" in crashed.message


def test_a_paused_owner_does_nothing_more_when_it_wakes(ledger: Ledger, child: Make, me: Owner) -> None:
    other = child()
    other.ask("acquire", "shop", 2)
    run = other.ask("begin")
    other.signal(signal.SIGSTOP)
    ours = acquired_late(ledger, "shop", me, 600)
    other.signal(signal.SIGCONT)
    for verb in ("check", "renew", "begin", "intend"):
        assert other.ask(verb).startswith("Fenced: shop: this provision no longer has the lock"), verb
    other.ask("release")
    ledger.locks.check(ours)
    assert ledger.runs.get(run).state == "crashed"
    assert len(ledger.runs.history("shop", 10)) == 1
