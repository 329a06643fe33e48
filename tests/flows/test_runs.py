"""What a person is told when things go wrong, and what stands afterwards: flows on the memory target with accidents."""

from typing import Any

import pytest

from flows.provision import provision
from flows.reconcile import reconcile
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.errors import ProviderError, TransientError
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tests.flows.faults import Faulty, sick, target
from tests.flows.going import done, failed
from tests.flows.shop import addresses, every_row, observed, runs, shop, whole_world

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]
__all__ = ["target"]  # a fixture


def in_ledger() -> Any:
    with Ledger.open(settings()) as ledger:
        return ledger.stacks.find("shop")


class TestFaults:
    async def test_what_is_transient_is_tried_again(self, target: Faulty) -> None:
        target.fails["replica/web-0"] = [TransientError("throttled"), TransientError("throttled")]
        assert await done(provision, spec=shop(), source="/srv") == "7 created, 0 unchanged"
        assert target.calls["create replica/web-0"] == 3
        assert target.calls["create replica/web-1"] == 1
        told = [(change.state, change.message) for change in runs()[0].changes if change.address == "replica/web-0"]
        assert told == [("failed", "throttled"), ("failed", "throttled"), ("done", "")]

    async def test_what_is_not_ends_the_run_and_what_was_finished_stands(self, target: Faulty, home: Any) -> None:
        target.fails["database/main"] = [ProviderError("the disk is full. Make room and run it again.")]
        message = await failed(provision, spec=shop(), source="/srv")
        assert message == "the disk is full. Make room and run it again."
        assert target.calls["create database/main"] == 1
        assert addresses(home) == ["cache/main", "proxy/main", "volume/database"]
        assert not target.calls["create replica/web-0"]
        (run,) = runs()
        assert (run.state, run.message) == ("failed", message)
        assert {change.address: change.state for change in run.changes}["database/main"] == "failed"
        assert await done(provision, stack="shop") == "4 created, 3 unchanged"

    async def test_two_failures_of_a_wave_are_both_told(self, target: Faulty) -> None:
        target.fails["volume/database"] = [ProviderError("no room for a volume.")]
        target.fails["cache/main"] = [ProviderError("no memory for a cache.")]
        message = await failed(provision, spec=shop(), source="/srv")
        assert sorted(message.split("\n\n")) == ["no memory for a cache.", "no room for a volume."]

    async def test_a_replica_that_fails_is_told_with_its_log_and_kept(self, target: Faulty, home: Any) -> None:
        target.log = "Traceback:\nImportError: no module named shop\n"
        message = await failed(provision, spec=shop(command="false"), source="/srv")
        assert (
            "replica/web-0 of shop exited with 1.\nThe last lines of its log:\n"
            "Traceback:\nImportError: no module named shop\n"
            "It is kept for inspection: tenfold logs shop replica/web-0. "
            "What was finished stands; mend the cause and run it again."
        ) in message
        assert "route/web" not in addresses(home)
        assert runs()[0].message == message

    async def test_a_log_of_megabytes_is_quoted_in_kilobytes(self, target: Faulty) -> None:
        target.log = "cannot load: " + "x" * 4 * 2**20 + "\n\x1b[31mend\n"
        message = await failed(provision, spec=shop(command="false"), source="/srv")
        assert f"cannot load: {'x' * 8000}" in message
        assert r"\x1b[31mend" in message
        assert "\x1b" not in message
        assert len(message) < 100_000
        assert all(len(change.message) < 100_000 for run in runs() for change in run.changes)

    async def test_mended_it_heals_and_only_one_sick_one_is_kept(self, target: Faulty, home: Any) -> None:
        await failed(provision, spec=shop(command="false"), source="/srv")
        await failed(provision, spec=shop(command="false"), source="/srv")
        await done(provision, spec=shop(command="run"), source="/srv")
        replicas = [(str(instance), instance.health.state) for instance in observed(home) if instance.kind == "replica"]
        assert replicas == [
            ("replica/web-0#2", "failed"), ("replica/web-0#3", "healthy"),
            ("replica/web-1#2", "failed"), ("replica/web-1#3", "healthy"),
        ]  # fmt: skip
        assert [run.state for run in runs()] == ["done", "failed", "failed"]
        assert (await done(provision, stack="shop")).startswith("nothing to do")


class TestTeardown:
    async def test_data_stays_and_can_be_come_back_to(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        password = self._password()
        message = await done(teardown, stack="shop")
        assert addresses(home) == ["volume/database"]
        assert message == (
            "6 destroyed, 0 unchanged. Left: ! volume/database (data, kept). Come back to it with tenfold provision "
            "shop, or delete it for ever with tenfold teardown shop --delete-data"
        )
        assert await done(reconcile) == "0 stacks looked at, 0 changes"
        assert await done(reconcile, stack="shop") == "shop is torn down and stays so"
        assert "torn down. Bring it back first" in await failed(scale, stack="shop", service="web", replicas=3)
        assert addresses(home) == ["volume/database"]
        assert await done(provision, stack="shop") == "6 created, 1 unchanged"
        assert self._password() == password

    async def test_with_its_data_nothing_is_left(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        await done(scale, stack="shop", service="web", replicas=3)
        with Ledger.open(settings()) as ledger:
            ledger.secrets.set("shop", "stripe", "sk_live_1")
        message = await done(teardown, stack="shop", delete_data=True, no_backup=True)
        assert message == "8 destroyed, 0 unchanged. Looked again: nothing of shop is left"
        assert whole_world(home) == "[]"
        rows = every_row(home)
        assert (rows["stacks"], rows["secrets"], rows["overrides"]) == ([], [], [])
        assert [run.verb for run in runs()] == ["teardown"], "who deleted it, and when"
        assert await failed(provision, stack="shop") == (
            "No stack is called `shop`. Known: none yet. Give its file to `tenfold provision` first."
        )

    async def test_after_one_that_kept_the_data_it_can_still_be_deleted(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        await done(teardown, stack="shop")
        assert (await done(teardown, stack="shop")).startswith("nothing to do")
        await done(teardown, stack="shop", delete_data=True)
        assert whole_world(home) == "[]"

    @staticmethod
    def _password() -> str:
        with Ledger.open(settings()) as ledger:
            return ledger.secrets.value("shop", "database-password", 1)


class TestRefusals:
    async def test_what_is_unknown_or_out_of_bounds(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        before = whole_world(home), every_row(home)["overrides"]
        assert await failed(scale, stack="shop", service="api", replicas=3) == (
            "shop has no service `api`. It has: web."
        )
        assert (await failed(scale, stack="shop", service="web", replicas=6)).startswith(
            "shop: web may have 2 to 5 replicas, not 6."
        )
        for flow, more in ((teardown, {}), (scale, {"service": "web", "replicas": 3}), (reconcile, {})):
            assert await failed(flow, stack="shpo", **more) == (
                "No stack is called `shpo`. Known: shop. Give its file to `tenfold provision` first."
            )
        assert (whole_world(home), every_row(home)["overrides"]) == before
        assert "shpo" not in str(every_row(home)["locks"])

    async def test_a_provision_of_nothing_or_of_two_things(self, target: Faulty) -> None:
        assert "Give the name of a stack" in await failed(provision)
        assert await failed(provision, stack="blog", spec=shop()) == (
            "The run names the stack `blog` and the spec `shop`. Give one of the two."
        )

    async def test_a_broken_spec_touches_nothing(self, target: Faulty, home: Any) -> None:
        message = await failed(provision, spec={**shop(), "servces": {}})
        assert "services" in message
        assert (whole_world(home), runs()) == ("", ())

    async def test_another_target_is_refused(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        before = whole_world(home)
        message = await failed(provision, spec={**shop(), "target": {"provider": "local"}}, source="/srv")
        for part in ("shop runs on target memory", "the spec says local", "write memory again"):
            assert part in message
        assert "delete" not in message
        assert (whole_world(home), in_ledger().target) == (before, "memory")

    async def test_over_budget_touches_nothing(self, target: Faulty, home: Any) -> None:
        dear = {**shop(), "target": {"provider": "memory", "price_per_replica": 30}, "budget": 70}
        await done(provision, spec=dear, source="/srv")
        before = whole_world(home), in_ledger()
        assert "this costs $90 a month and the budget is $70" in await failed(
            scale, stack="shop", service="web", replicas=3
        )
        message = await failed(provision, spec={**dear, "budget": 10}, source="/srv")
        assert "this costs $60 a month and the budget is $10" in message
        assert (whole_world(home), in_ledger()) == before
        assert (await done(reconcile)).startswith("nothing to do")

    async def test_what_can_never_start_touches_nothing(self, target: Faulty, home: Any) -> None:
        target.never = "its command run is not there: install it"
        assert await failed(provision, spec=shop(), source="/srv") == (
            "shop can never start as its file stands, so nothing was touched:\n"
            "  services.web.command: its command run is not there: install it"
        )
        assert (whole_world(home), in_ledger(), runs()) == ("", None, ())

    async def test_a_secret_that_is_not_set(self, target: Faulty, home: Any) -> None:
        message = await failed(provision, spec=shop(env={"STRIPE_KEY": {"secret": "stripe"}}), source="/srv")
        assert "tenfold secret set shop stripe" in message
        assert (whole_world(home), in_ledger()) == ("", None)


class TestScale:
    async def test_the_count_survives_within_the_bounds(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        await done(scale, stack="shop", service="web", replicas=4)
        assert runs()[0].reason == "web: 2 to 4 replicas, by hand"
        assert await done(provision, spec=shop(), source="/srv") == "nothing to do: 9 as wanted"
        assert await done(reconcile) == "nothing to do: 9 as wanted"
        await done(provision, spec=shop(replicas={"min": 1, "max": 3}), source="/srv")
        assert self._replicas(home) == 3
        await done(scale, stack="shop", service="web", replicas=1)
        assert self._replicas(home) == 1

    @staticmethod
    def _replicas(home: Any) -> int:
        return sum(instance.kind == "replica" for instance in observed(home))


class TestReconcile:
    async def test_it_heals_what_failed_and_what_is_gone(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        target.set_health("shop", "replica/web-0", sick("was killed"))
        target.destroy(next(instance for instance in observed(home) if instance.address == "cache/main"))
        message = await done(reconcile)
        assert message.startswith("2 created"), message
        assert [str(instance) for instance in observed(home) if instance.health.state == "healthy"] == [
            "cache/main", "database/main", "proxy/main", "replica/web-0#2", "replica/web-1", "route/web",
            "volume/database",
        ]  # fmt: skip
        run = runs()[0]
        assert (run.verb, run.reason) == ("reconcile", "what runs had drifted")
        assert {change.address: change.reason for change in run.changes}["replica/web-0"] == "was killed"
        assert (await done(reconcile)).startswith("nothing to do")
        assert runs()[0] == run, "a reconcile that finds nothing is not worth a line"

    async def test_it_leaves_a_stack_that_somebody_changes(self, target: Faulty, home: Any) -> None:
        for name in ("blog", "shop"):
            await done(provision, spec=shop(name), source="/srv")
            target.set_health(name, "replica/web-0", sick("was killed"))
        with Ledger.open(settings()) as ledger:
            lease = ledger.locks.acquire("blog", Owner.here("provision"), 60)
            assert (await done(reconcile)).startswith("1 created")
            ledger.locks.release(lease)
        assert "replica/web-0#2" not in addresses(home, "blog")
        assert "replica/web-0#2" in addresses(home)

    async def test_it_goes_on_after_a_stack_that_cannot_be_healed(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop("blog"), source="/srv")
        await done(provision, spec=shop("shop", port=None, needs=False), source="/srv")
        for name in ("blog", "shop"):
            target.set_health(name, "replica/web-1", sick("was killed"))
        target.fails["replica/web-1"] = [ProviderError("no room.")]
        message = await failed(reconcile)
        hit, healed = ("blog", "shop") if message.startswith("blog") else ("shop", "blog")  # they go side by side
        assert message == f"{hit}: no room."
        assert "replica/web-1#2" not in addresses(home, hit)
        assert "replica/web-1#2" in addresses(home, healed)
