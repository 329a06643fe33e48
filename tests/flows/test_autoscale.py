"""A check of every stack: what it decides, what it starts, and what it leaves alone."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

import flows.engine.run_info
import tasks.run.active_runs
from flows.autoscale import autoscale
from flows.provision import provision
from flows.reconcile import reconcile
from flows.scale import scale
from tasks.base.settings import settings
from tasks.ledger import KeptDecision, Ledger, Owner
from tasks.ledger.decisions import Decisions
from tests.flows.going import done, failed
from tests.flows.scale_runs import asked_for, carry_out, no_runs, replicas, scale_runs
from tests.flows.shop import runs, shop
from tests.flows.users import Users, users

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server", "home", "no_runs")]
__all__ = ["no_runs", "users"]  # fixtures


def decisions(stack: str = "shop", service: str = "web") -> tuple[KeptDecision, ...]:
    with Ledger.open(settings()) as ledger:
        return ledger.decisions.recent(stack, service, 100)


async def test_more_users_start_a_scale_run_that_says_why(users: Users, home: Any) -> None:
    await done(provision, spec=shop(), source="/srv")
    users.in_flight["shop", "web"] = 18
    assert await done(autoscale) == "1 stack with 1 service checked; shop web 2 to 4"
    (asked,) = await asked_for()
    (record,) = decisions()
    assert record.flow_run_id in {str(run.id) for run in await scale_runs()}
    assert asked == {
        "stack": "shop", "service": "web", "replicas": 4, "reason": record.decision.reason, "decision_id": record.id,
    }  # fmt: skip
    assert await carry_out() == "2 created, 1 updated, 6 unchanged"
    assert replicas(home) == 4
    assert runs()[0].reason == record.decision.reason
    assert await done(autoscale) == "1 stack with 1 service checked, nothing to change"


async def test_a_check_decides_the_alerts_and_tells_of_each_once(users: Users) -> None:
    debt = {"what": "no tests", "why": "late", "expires": "2020-01-31", "plan": "write them", "impact": "faults"}
    with Ledger.open(settings()) as ledger:
        ledger.secrets.set("shop", "hook", "json://127.0.0.1:9/token")
    spec = {**shop(needs=False), "debts": [debt], "alerts": {"to": [{"secret": "hook"}]}}
    await done(provision, spec=spec, source="/srv")
    for _ in range(2):
        await done(autoscale)
        with Ledger.open(settings()) as ledger:
            assert [alert.kind for alert in ledger.alerts.listed("shop")] == ["debt"]
            (message,) = ledger.messages.due(time.time())
            assert message.message.title == "shop: debt has expired: no tests"


async def test_the_scaled_count_survives_reconcile_and_provision(users: Users, home: Any) -> None:
    await done(provision, spec=shop(), source="/srv")
    users.in_flight["shop", "web"] = 18
    await done(autoscale)
    await carry_out()
    assert (await done(reconcile)).startswith("nothing to do")
    await done(provision, stack="shop")
    await done(provision, spec=shop(env={"THEME": "dark"}), source="/srv")
    assert replicas(home) == 4
    await done(provision, spec=shop(replicas={"min": 1, "max": 3}), source="/srv")
    assert replicas(home) == 3, "the spec's bounds hold"


async def test_a_check_that_is_repeated_starts_no_second_run(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after it started the run and before it wrote so: the same decision is the same run."""
    await done(provision, spec=shop(), source="/srv")
    users.in_flight["shop", "web"] = 18
    with monkeypatch.context() as killed:
        killed.setattr(Decisions, "acted", lambda *_: None)
        await done(autoscale)
        killed.setattr("tasks.autoscaling.scale_runs._busy", nobody)
        await done(autoscale)
    assert len(await asked_for()) == 1
    assert len(decisions()) == 1


async def nobody(_: Any) -> set[str]:
    return set()


async def test_while_its_run_is_under_way_nothing_more_is_started(users: Users) -> None:
    await done(provision, spec=shop(), source="/srv")
    users.in_flight["shop", "web"] = 13
    assert (await done(autoscale)).endswith("shop web 2 to 3")
    users.in_flight["shop", "web"] = 18
    assert (await done(autoscale)).endswith("shop web 2 to 4 waits for the run that is at it")
    assert [parameters["replicas"] for parameters in await asked_for()] == [3]


async def test_a_stack_that_somebody_changes_is_left_to_them(users: Users) -> None:
    for name in ("blog", "shop"):
        await done(provision, spec=shop(name), source="/srv")
        users.in_flight[name, "web"] = 18
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("blog", Owner.here("provision"), 60)
        summary = await done(autoscale)
        ledger.locks.release(lease)
    assert (
        summary == "2 stacks with 2 services checked; shop web 2 to 4; blog web 2 to 4 waits for the run that is at it"
    )
    assert [parameters["stack"] for parameters in await asked_for()] == ["shop"]
    assert "checked; blog web 2 to 4; " in await done(autoscale)


async def test_what_cannot_be_measured_hinders_no_other_and_stays_as_it_is(users: Users) -> None:
    for name in ("blog", "shop"):
        await done(provision, spec=shop(name), source="/srv")
    users.in_flight["shop", "web"] = 18
    await done(autoscale)
    assert [parameters["stack"] for parameters in await asked_for()] == ["shop"]
    (record,) = decisions("blog")
    assert (record.decision.changes, record.decision.inputs.measured.status) == (False, "absent")


async def test_a_spec_that_this_version_cannot_read_hinders_no_other(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("blog", "shop"):
        await done(provision, spec=shop(name), source="/srv")
        users.in_flight[name, "web"] = 18
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("blog", Owner.here("test"), 60)
        ledger.stacks.set_desired(lease, "blog", {"name": "blog", "target": {"provider": "moon"}}, "/srv")
        ledger.locks.release(lease)
    summary = await done(autoscale)
    assert summary == "1 stack with 1 service checked, 1 could not be looked at; shop web 2 to 4"


async def test_advise_decides_and_says_but_does_not_act(users: Users) -> None:
    await done(provision, spec=shop(scaling={"mode": "advise"}), source="/srv")
    users.in_flight["shop", "web"] = 18
    assert await done(autoscale) == "1 stack with 1 service checked, nothing to change"
    assert await asked_for() == []
    (record,) = decisions()
    assert (record.decision.changes, record.decision.acts, record.decision.before) == (True, False, 2)


async def test_a_spec_that_changes_meanwhile_counts_at_the_next_check(users: Users) -> None:
    await done(provision, spec=shop(), source="/srv")
    users.in_flight["shop", "web"] = 18
    await done(autoscale)
    await done(provision, spec=shop(replicas={"min": 1, "max": 3}), source="/srv")
    (parameters,) = await asked_for()
    message = await failed(scale, **parameters)
    assert "web may have 1 to 3 replicas" in message, "what was decided before is not done"
    with Ledger.open(settings()) as ledger:
        known = ledger.stacks.find("shop")
    assert known is not None
    assert known.override_counts == {}


async def test_every_run_that_is_under_way_is_seen_however_many_there_are(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.run.active_runs, "PAGE_SIZE", 2)
    for name in (names := ["a", "b", "c", "d", "e"]):
        await done(provision, spec=shop(name, needs=False), source="/srv")
        users.in_flight[name, "web"] = 18
    for _ in range(2):
        await done(autoscale)
    assert sorted(parameters["stack"] for parameters in await asked_for()) == names


async def test_one_check_at_a_time(users: Users) -> None:
    await done(provision, spec=shop(), source="/srv")
    with Ledger.open(settings()) as ledger:
        lease = ledger.checks.acquire(Owner.here("autoscale"), 60)
        assert (await done(autoscale)).startswith("left to the check that is under way: ")
        ledger.locks.release(lease)
    assert not users.seen


async def test_a_check_whose_process_is_gone_is_followed_at_once(users: Users) -> None:
    await done(provision, spec=shop(), source="/srv")
    with Ledger.open(settings()) as ledger:
        ledger.checks.acquire(replace(Owner.here("autoscale"), started="1"), 3600)
    assert (await done(autoscale)).startswith("1 stack")


async def test_a_late_check_does_nothing(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    await done(provision, spec=shop(), source="/srv")
    due = datetime.now(UTC) - timedelta(seconds=40)
    run = SimpleNamespace(auto_scheduled=True, expected_start_time=due, tags=[])
    context = SimpleNamespace(get=lambda: SimpleNamespace(flow_run=run))
    monkeypatch.setattr(flows.engine.run_info, "FlowRunContext", context)
    assert (await done(autoscale)).startswith("1 stack"), "there was none for long, so a late one is better than none"
    assert re.fullmatch(r"4\d s late, so it is left to the next", await done(autoscale))
    run.auto_scheduled = False
    assert (await done(autoscale)).startswith("1 stack"), "a person's own is not too late"
    assert len(users.seen) == 2


async def test_a_decision_of_long_ago_is_not_carried_out_and_a_persons_wish_is(
    users: Users, home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an outage of the control plane: by now it may be the opposite of what is needed."""
    await done(provision, spec=shop(), source="/srv")
    due = datetime.now(UTC) - timedelta(seconds=3600)
    run = SimpleNamespace(auto_scheduled=False, expected_start_time=due, tags=[])
    monkeypatch.setattr(
        flows.engine.run_info, "FlowRunContext", SimpleNamespace(get=lambda: SimpleNamespace(flow_run=run))
    )
    before = replicas(home)
    asked = {"stack": "shop", "service": "web", "replicas": before + 1}
    assert re.fullmatch(
        r"the scaler asked for it 36\d\d s ago: left to its next check", await done(scale, **asked, decision_id="1")
    )
    assert replicas(home) == before
    users.in_flight["shop", "web"] = 18
    monkeypatch.setattr(flows.engine.run_info, "FlowRunContext", SimpleNamespace(get=lambda: None))
    await done(autoscale)
    (wanted,) = await asked_for()
    monkeypatch.setattr(
        flows.engine.run_info, "FlowRunContext", SimpleNamespace(get=lambda: SimpleNamespace(flow_run=run))
    )
    await done(scale, **wanted)
    assert replicas(home) == wanted["replicas"] > before, "late, and a check found it right again"
    before, asked["replicas"] = wanted["replicas"], wanted["replicas"] + 1
    await done(scale, **asked)
    assert replicas(home) == before + 1


async def test_each_check_is_told_what_the_last_one_read(users: Users) -> None:
    await done(provision, spec=shop(), source="/srv")
    users.in_flight["shop", "web"] = 3
    await done(autoscale)
    await done(autoscale)
    assert not users.seen[0]
    assert users.seen[1]["shop", "web"].readings == {"requests": 3}
    with Ledger.open(settings()) as ledger:
        last = ledger.checks.last()
    assert last is not None
    assert (last.services, last.message) == (1, "1 stack with 1 service checked")
