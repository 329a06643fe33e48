"""Runs: intent before, outcome after, the newest first."""

from dataclasses import replace

import pytest

from infra_specs.app_text.shown import LINE_BYTES, MESSAGE_BYTES
from infra_specs.errors import LedgerError
from tasks.base.known_secrets import known_secrets
from tasks.ledger import Lease, Ledger, Owner
from tasks.ledger.runs import Attempt, Outcome
from tests.tasks.ledger.child import change


def test_a_run_from_its_intent_to_its_end(ledger: Ledger, me: Owner) -> None:
    lease = ledger.locks.acquire("shop", replace(me, flow_run_id="f-7"), 600)
    plan = {"waves": [[{"change": "+ replica/web-0 (missing)"}]], "price": None}
    run = ledger.runs.begin(lease, "provision", "asked for", plan)
    first = ledger.runs.intend(lease, run, change)
    second = ledger.runs.intend(lease, run, {**change, "address": "replica/web-1"})
    open_run = ledger.runs.get(run)
    assert (open_run.state, open_run.ended) == ("running", None)
    assert [one.state for one in open_run.changes] == ["intended", "intended"]

    ledger.runs.outcome(lease, second, "failed", "web-1 does not start", 2.5)
    ledger.runs.outcome(lease, first, "done", "", 0.25)
    ledger.runs.finish(lease, run, "failed", "one of two")
    ended = ledger.runs.get(run)
    assert (ended.stack, ended.verb, ended.reason, ended.plan) == ("shop", "provision", "asked for", plan)
    assert (ended.who, ended.flow_run_id) == (str(lease.owner), "f-7")
    assert (ended.state, ended.message) == ("failed", "one of two")
    assert ended.ended is not None
    assert ended.ended >= ended.began
    assert [(one.address, one.state, one.message, one.seconds) for one in ended.changes] == [
        ("replica/web-0", "done", "", 0.25),
        ("replica/web-1", "failed", "web-1 does not start", 2.5),
    ]
    first_change = ended.changes[0]
    assert (first_change.action, first_change.reason, first_change.text) == ("create", "missing", change["text"])


def test_no_word_of_a_run_tells_a_secret(ledger: Ledger, lease: Lease) -> None:
    known_secrets.learn("word", "its-secret-word")
    plan = {"waves": [[{"reason": "says its-secret-word", "count": 2, "settings": None}]]}
    run = ledger.runs.begin(lease, "run", "web: login its-secret-word", plan)
    ledger.runs.intend(lease, run, {**change, "reason": "its-secret-word", "text": "+ its-secret-word"})
    stored_run = ledger.runs.get(run)
    assert stored_run.reason == "web: login [secret word]"
    assert stored_run.plan == {"waves": [[{"reason": "says [secret word]", "count": 2, "settings": None}]]}
    assert [(entry.reason, entry.text) for entry in stored_run.changes] == [("[secret word]", "+ [secret word]")]


def test_no_text_of_a_run_is_megabytes_or_steers_a_terminal(ledger: Ledger, lease: Lease) -> None:
    run = ledger.runs.begin(lease, "run", "r\x1b[2J" + "r" * 2**20, {"waves": [[{"reason": "p" * 2**20}]]})
    id = ledger.runs.intend(lease, run, {**change, "reason": "i" * 2**20, "text": "t" * 2**20})
    ledger.runs.outcome(lease, id, "failed", "first\n" + "long \x00" * 2**20 + "\nlast", 1.0)
    ledger.runs.finish(lease, run, "failed", "line\r\n" * 2**20)
    stored_run = ledger.runs.get(run)
    (failed,) = stored_run.changes
    assert failed.message.splitlines()[0] == "first"
    assert failed.message.splitlines()[2] == "last"
    for text in (stored_run.reason, str(stored_run.plan), failed.reason, failed.text, failed.message):
        assert len(text) < 2 * LINE_BYTES
        assert "\x1b" not in text
        assert "\x00" not in text
    assert len(stored_run.message) <= MESSAGE_BYTES
    assert "\r" not in stored_run.message


def test_history_is_the_newest_first_and_of_one_stack(ledger: Ledger, lease: Lease, me: Owner) -> None:
    blog = ledger.locks.acquire("blog", me, 600)
    for number in range(4):
        run = ledger.runs.begin(lease, "provision", f"run {number}", {})
        ledger.runs.intend(lease, run, {**change, "text": f"of run {number}"})
        ledger.runs.finish(lease, run, "done", "")
        ledger.runs.begin(blog, "provision", "other", {})
    history = ledger.runs.history("shop", 3)
    assert [run.reason for run in history] == ["run 3", "run 2", "run 1"]
    assert [[one.text for one in run.changes] for run in history] == [["of run 3"], ["of run 2"], ["of run 1"]]
    assert ledger.runs.history("unheard-of", 3) == ()


@pytest.mark.parametrize(
    ("verb", "action", "state", "counts"),
    [
        ("reconcile", "create", "failed", True),
        ("reconcile", "create", "done", True),
        ("reconcile", "destroy", "failed", True),
        ("reconcile", "destroy", "done", False),
        ("reconcile", "create", "overtaken", False),
        ("deploy", "create", "failed", False),
        ("deploy", "create", "done", True),
        ("run", "create", "failed", False),
        ("run", "create", "done", False),
    ],
)
def test_what_says_something_about_the_next_repair_of_an_address(
    ledger: Ledger, lease: Lease, verb: str, action: str, state: Outcome, counts: bool
) -> None:
    run = ledger.runs.begin(lease, verb, "asked for", {})
    id = ledger.runs.intend(lease, run, {**change, "action": action})
    ledger.runs.outcome(lease, id, state, "", 1.0)
    assert ledger.runs.attempts("shop") == (), "it is not over"
    ledger.runs.finish(lease, run, "done", "")
    ended = ledger.runs.get(run).ended
    assert ledger.runs.attempts("shop") == ((Attempt("replica/web-0", state, ended),) if counts else ())


def test_only_open_runs_of_the_own_stack_crash(ledger: Ledger, gone: Owner, me: Owner) -> None:
    lost = ledger.locks.acquire("shop", gone, 600)
    blog = ledger.locks.acquire("blog", me, 600)
    other = ledger.runs.begin(blog, "provision", "other", {})
    done, left = (ledger.runs.begin(lost, "provision", "asked for", {}) for _ in range(2))
    ledger.runs.finish(lost, done, "done", "")
    ledger.locks.acquire("shop", me, 600)
    assert [ledger.runs.get(run).state for run in (other, done, left)] == ["running", "done", "crashed"]


@pytest.mark.parametrize("unknown", ["999", "web", "", "-1", "²", "9" * 30])
def test_an_unknown_run_is_said(ledger: Ledger, unknown: str) -> None:
    with pytest.raises(LedgerError, match="knows no run"):
        ledger.runs.get(unknown)


def test_what_is_not_open_under_this_lock_is_refused(ledger: Ledger, lease: Lease, me: Owner) -> None:
    blog = ledger.locks.acquire("blog", me, 600)
    run = ledger.runs.begin(lease, "provision", "asked for", {})
    intent = ledger.runs.intend(lease, run, change)
    for write in (
        lambda: ledger.runs.intend(blog, run, change),
        lambda: ledger.runs.outcome(blog, intent, "done", "", 1.0),
        lambda: ledger.runs.finish(blog, run, "done", ""),
    ):
        with pytest.raises(LedgerError):
            write()
    ledger.runs.finish(lease, run, "done", "")
    with pytest.raises(LedgerError, match="is not open"):
        ledger.runs.intend(lease, run, change)
