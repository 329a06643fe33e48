"""One command, once, beside a running stack: told in full, in nobody's way, and never left behind."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from prefect.settings import get_current_settings

from deployments.cli.following.prefect_api import PrefectApi
from flows.provision import provision
from flows.reconcile import reconcile
from flows.run import run
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.errors import ProviderError, TransientError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tests.flows.faults import Faulty, target
from tests.flows.going import done, failed, go
from tests.flows.shop import addresses, observed, runs, shop
from tests.support import children

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
__all__ = ["target"]  # a fixture


def jobs(home: Path) -> list[Instance]:
    return [instance for instance in observed(home) if instance.kind == "job"]


@pytest.fixture
async def provisioned(target: Faulty) -> None:
    with Ledger.open(settings()) as ledger:
        ledger.secrets.set("shop", "stripe", "sk_live_1")
    await done(provision, spec=shop(env={"KEY": {"secret": "stripe"}}), source="/srv")


@pytest.fixture
def slow(target: Faulty, provisioned: None, monkeypatch: pytest.MonkeyPatch) -> Faulty:
    """Jobs run until the test ends them."""
    create = target.create

    def begin(resource: Resource) -> Instance:
        made = create(resource)
        if resource.kind == "job":
            target.set_health(resource.stack, resource.address, Health("starting", "runs", 0.0))
        return made

    monkeypatch.setattr(target, "create", begin)
    return target


async def begun(home: Path) -> tuple["asyncio.Task[State[Any]]", str]:
    """A run whose job runs, and the job's address."""
    task = asyncio.create_task(go(run, stack="shop", service="web", command="import everything"))
    while not jobs(home):
        await asyncio.sleep(0.05)
        assert not task.done(), task.result().message
    with Ledger.open(settings()) as ledger:
        while ledger.locks.holder("shop"):
            await asyncio.sleep(0.05)
    (job,) = jobs(home)
    return task, job.address


@pytest.mark.usefixtures("provisioned")
class TestRun:
    async def test_it_has_what_a_replica_has_and_nothing_is_left(self, target: Faulty, home: Path) -> None:
        before = addresses(home)
        state = await go(run, stack="shop", service="web", command="python -c 'print(1)'")
        assert (state.type.value, state.message) == ("COMPLETED", "python -c 'print(1)': exited with 0")
        assert addresses(home) == before
        (env,) = [env for address, env in target.env.items() if address.startswith("job/run-")]
        replica = target.env["replica/web-0"]
        assert {name: env[name] for name in ("DATABASE_URL", "CACHE_URL", "KEY")} == {
            name: replica[name] for name in ("DATABASE_URL", "CACHE_URL", "KEY")
        }
        ended, begun, _ = runs()
        assert (begun.verb, begun.state, begun.reason) == ("run", "done", "web: python -c 'print(1)'")
        assert (ended.verb, ended.state, ended.reason) == ("run", "done", "python -c 'print(1)': exited with 0")

    async def test_one_that_fails_is_a_failed_run_with_its_last_lines(self, target: Faulty, home: Path) -> None:
        target.log = "\n".join([*(f"line {number}" for number in range(40)), "the key is sk_live_1"])
        message = await failed(run, stack="shop", service="web", command="false")
        first, second, *lines = message.splitlines()
        assert first == "false: exited with 1 (as web of shop)."
        assert second == "The last lines that it wrote:"
        assert lines == [*(f"line {number}" for number in range(21, 40)), "the key is [secret stripe]"]
        assert jobs(home) == []
        assert runs()[0].state == "failed"
        assert await done(reconcile, stack="shop") == "nothing to do: 7 as wanted"

    async def test_all_that_it_writes_is_in_the_runs_log_and_its_code_beside_it(
        self, target: Faulty, caplog: pytest.LogCaptureFixture
    ) -> None:
        target.log = "one\ntwo\nsk_live_1"
        with caplog.at_level("INFO"):
            state = await go(run, stack="shop", service="web", command="false")
        told = [record.message for record in caplog.records if record.name == "prefect.flow_runs.output"]
        assert told == ["one\ntwo\n[secret stripe]"]
        with PrefectApi(str(get_current_settings().api.url)) as api:
            assert api.artifact(str(state.state_details.flow_run_id), "exit-code") == "1"

    async def test_one_that_fails_says_what_may_not_have_been_meant(
        self, target: Faulty, caplog: pytest.LogCaptureFixture
    ) -> None:
        target.doubt = "`false` is another"
        message = await failed(run, stack="shop", service="web", command="false")
        assert message.splitlines()[-1] == "`false` is another"
        assert ("WARNING", "`false` is another") in [(record.levelname, record.message) for record in caplog.records]

    async def test_it_runs_also_where_no_hint_can_be_looked_up(
        self, target: Faulty, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: Resource) -> str:
            raise TransientError("the engine gave no answer.")

        monkeypatch.setattr(target, "hint", refuse)
        assert await done(run, stack="shop", service="web", command="date") == "date: exited with 0"

    async def test_what_cannot_be_run_is_refused_in_words(self, target: Faulty, home: Path) -> None:
        assert "has no service `wob`. It has: web." in await failed(run, stack="shop", service="wob", command="date")
        assert "Give a command to run" in await failed(run, stack="shop", service="web", command=" ")
        assert "a quote is never closed" in await failed(run, stack="shop", service="web", command="echo 'a")
        assert "No stack is called `shup`" in await failed(run, stack="shup", service="web", command="date")
        await done(teardown, stack="shop")
        assert "shop is torn down. Bring it back" in await failed(run, stack="shop", service="web", command="date")
        assert jobs(home) == []

    async def test_one_that_the_target_refuses_says_why(
        self, target: Faulty, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(resource: Resource) -> Instance:
            raise ProviderError("the image shop:2 is not there.")

        monkeypatch.setattr(target, "create", refuse)
        assert await failed(run, stack="shop", service="web", command="date") == "the image shop:2 is not there."
        assert (runs()[0].verb, runs()[0].state) == ("run", "failed")


class TestBeside:
    async def test_nobody_is_kept_from_changing_the_stack_and_nobody_ends_it(self, slow: Faulty, home: Path) -> None:
        task, address = await begun(home)
        assert await done(scale, stack="shop", service="web", replicas=3) == "1 created, 1 updated, 6 unchanged"
        assert await done(reconcile, stack="shop") == "nothing to do: 8 as wanted"
        assert await done(reconcile) == "nothing to do: 8 as wanted"
        assert [job.address for job in jobs(home)] == [address]
        slow.set_health("shop", address, Health("healthy", "exited with 0", 0.0, 0))
        assert (await task).message == "import everything: exited with 0"
        assert jobs(home) == []

    async def test_a_teardown_ends_it(self, slow: Faulty, home: Path) -> None:
        task, _ = await begun(home)
        await done(teardown, stack="shop")
        assert addresses(home) == ["volume/database"]
        state = await task
        assert state.type.value == "FAILED"
        assert "import everything: it is gone (as web of shop)" in (state.message or "")
        assert addresses(home) == ["volume/database"]

    async def test_who_has_the_lock_at_its_end_or_comes_next_removes_it(self, slow: Faulty, home: Path) -> None:
        task, address = await begun(home)
        with Ledger.open(settings()) as ledger:
            mine = ledger.locks.acquire("shop", Owner.here("deploy"), 60)
            slow.set_health("shop", address, Health("healthy", "exited with 0", 0.0, 0))
            assert (await task).message == "import everything: exited with 0"
            assert [job.address for job in jobs(home)] == [address]
            ledger.locks.release(mine)
        assert await done(reconcile, stack="shop") == "1 destroyed, 7 unchanged"
        assert jobs(home) == []


def test_killed_at_every_effect_it_is_gone_after_the_next_look(
    home: Path, prefect_server: None, record_property: Callable[[str, object], None]
) -> None:
    assert children.run(provision, {"spec": shop(), "source": "/srv"}).state == "COMPLETED"
    before = addresses(home)
    command = {"stack": "shop", "service": "web", "command": "date"}
    undisturbed = children.run(run, command)
    assert undisturbed.state == "COMPLETED", undisturbed.message
    for number, point in enumerate(undisturbed.points, 1):
        killed = children.run(run, command, at=number, by=signal.SIGKILL)
        assert killed.state is None, f"it was not killed {point}"
        assert children.run(reconcile, {"stack": "shop"}).state == "COMPLETED"
        assert addresses(home) == before, point
    record_property("points", len(undisturbed.points))
