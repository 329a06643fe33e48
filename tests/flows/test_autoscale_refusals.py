"""What is not asked for again, and what stops: checks of a stack whose spec or money says no."""

from typing import Any

import pytest
from prefect.flow_engine import load_flow_run, run_flow

from flows.autoscale import autoscale
from flows.provision import provision
from flows.reconcile import reconcile
from flows.scale import scale
from infra_specs.errors import PlanError
from infra_specs.pricing.month import Spent, month_of
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tests.flows.going import done, failed
from tests.flows.scale_runs import asked_for, carry_out, no_runs, replicas, scale_runs
from tests.flows.shop import runs, shop
from tests.flows.users import Users, users

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server", "home", "no_runs"), pytest.mark.proof]
__all__ = ["no_runs", "users"]  # fixtures


async def test_what_was_refused_is_not_asked_for_again_until_it_changes(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _refuse_a_scale(users, monkeypatch)
    for _ in range(3):
        assert (await done(autoscale)).endswith("shop web 2 to 4 was refused")
    assert await asked_for() == []
    users.in_flight["shop", "web"] = 60
    assert (await done(autoscale)).endswith("; shop web 2 to 5"), "another number"
    await run_it()


async def test_what_was_refused_is_asked_for_again_when_somebody_has_provisioned(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _refuse_a_scale(users, monkeypatch)
    assert (await done(autoscale)).endswith("shop web 2 to 4 was refused")
    await done(provision, stack="shop")
    assert (await done(autoscale)).endswith("; shop web 2 to 4")


async def test_when_the_money_is_gone_what_may_stop_stops_and_stays_so_until_it_is_paid_for(
    users: Users, home: Any
) -> None:
    spec = shop(needs=False, scaling={"over_budget": "stop"})
    spec["target"]["price_per_replica"] = 50
    await done(provision, spec={**spec, "budget": 100}, source="/srv")
    with Ledger.open(settings()) as ledger:
        lease = ledger.checks.acquire(Owner.here("test"), 60)
        ledger.costs.record(lease, {"shop": Spent(month_of(now()), 100.0, now())})
        ledger.locks.release(lease)
    message = await failed(scale, stack="shop", service="web", replicas=0)
    assert "web may have 2 to 5 replicas, not 0" in message, "nobody stops it by hand"
    assert (await done(autoscale)).endswith("; shop web 2 to 0")
    await carry_out()
    assert replicas(home) == 0
    assert "every service at its minimum: stopped" in runs()[0].reason
    assert (await done(reconcile)).startswith("nothing to do")
    assert (await done(autoscale)).endswith("nothing to change")
    await done(provision, spec={**spec, "budget": 1000}, source="/srv")
    assert replicas(home) == 0, "it is the scaler's to begin it again"
    assert (await done(autoscale)).endswith("; shop web 0 to 2")
    await carry_out()
    assert replicas(home) == 2


def refuse(*_: Any, **__: Any) -> Any:
    raise PlanError("not today")


async def run_it(refused: str = "") -> None:
    """The one scale run that was asked for, in its own place among Prefect's runs, to its end."""
    (run,) = [run for run in await scale_runs() if run.state and run.state.is_scheduled()]
    state: Any = run_flow(scale, flow_run=load_flow_run(run.id), return_type="state")
    ended = await state
    assert (ended.message == refused) if refused else ended.is_completed()


async def _refuse_a_scale(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that shall have four replicas at any time, and a run for them that was refused."""
    schedule = [{"at": "00:00", "until": "24:00", "min": 4}]
    await done(provision, spec=shop(scaling={"schedule": schedule}), source="/srv")
    users.in_flight["shop", "web"] = 3
    await done(autoscale)
    with monkeypatch.context() as broken:
        broken.setattr("flows.scale.desired_as_deployed", refuse)
        await run_it("not today")
