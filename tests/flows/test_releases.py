"""Deploy and rollback on the memory target with accidents: what serves afterwards, and what a person is told."""

from typing import Any

import pytest

from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.rollback import rollback
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.errors import ProviderError, TransientError
from tasks.base.settings import settings
from tasks.ledger import Ledger, Release
from tests.flows.faults import Faulty, target
from tests.flows.going import done, failed
from tests.flows.shop import addresses, observed, runs, shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]
__all__ = ["target"]  # a fixture


def releases() -> tuple[Release, ...]:
    with Ledger.open(settings()) as ledger:
        return ledger.releases.all("shop")


def states() -> list[tuple[int, str]]:
    return [(release.number, release.state) for release in releases()]


def digests(home: Any) -> set[str]:
    """What the replicas that are not sick are made of; one if they are all alike."""
    return {
        instance.digests["command"] for instance in observed(home) if instance.kind == "replica" and not instance.failed
    }


class TestDeploy:
    async def test_it_changes_what_is_named_and_nothing_else(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(env={"COLOUR": "red", "SIZE": "L"}), source="/srv")
        await done(scale, stack="shop", service="web", replicas=3)
        before = digests(home)
        message = await done(deploy, stack="shop", command="run --new", env={"COLOUR": "blue", "SIZE": None})
        assert message == "release 2 serves: 3 created, 1 updated, 3 destroyed, 4 unchanged; watched for 60 s"
        assert digests(home).isdisjoint(before)
        assert target.env["replica/web-2"]["COLOUR"] == "blue"
        assert "SIZE" not in target.env["replica/web-2"]
        assert states() == [(2, "proven"), (1, "proven")]
        assert releases()[0].reason == (
            "web: command run -> run --new; web: env COLOUR red -> blue; web: env SIZE removed, was L"
        )
        assert await done(reconcile) == "nothing to do: 8 as wanted"
        again = await done(deploy, stack="shop", command="run --new")
        assert again == "release 2 is that already: nothing to do: 8 as wanted"
        assert len(releases()) == 2

    async def test_each_new_release_warns_of_what_may_not_be_meant(
        self, target: Faulty, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def warned(flow: Any, **parameters: Any) -> list[str]:
            caplog.clear()
            await done(flow, **parameters)
            return [record.message for record in caplog.records if record.levelname == "WARNING"]

        written = {"spec": shop(needs=False, command="serve $PORT"), "source": "/srv"}
        (first,) = await warned(provision, **written)
        assert first.startswith("web: command gets `$PORT` as it is written")
        assert await warned(provision, **written) == []
        target.exposures = ("web: it listens on every address",)
        second, *others = await warned(deploy, stack="shop", command="serve $OTHER")
        assert second.startswith("web: command gets `$OTHER` as it is written")
        assert others == ["web: it listens on every address"]
        assert await warned(deploy, stack="shop", command="serve $OTHER") == []

    async def test_a_failed_look_up_for_a_warning_undoes_no_release(
        self, target: Faulty, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(_: str) -> tuple[str, ...]:
            raise TransientError("the supervisor of shop is being replaced.")

        monkeypatch.setattr(target, "exposed", refuse)
        await done(provision, spec=shop(needs=False), source="/srv")
        message = await done(deploy, stack="shop", command="serve")
        assert message.startswith("release 2 serves: ")
        assert states() == [(2, "proven"), (1, "proven")]

    async def test_a_bad_one_is_undone_and_never_tried_again(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        before, endpoints = digests(home), bindings(home)
        target.log = "ImportError: no module named shop\n"
        message = await failed(deploy, stack="shop", command="false")
        assert message.startswith("deploy of release 2 failed and was undone: release 1 serves.\n")
        for said in (
            "replica/web-0#2 of shop exited with 1.\nThe last lines of its log:\nImportError: no module named shop",
            "Kept for inspection: tenfold logs shop replica/web-0#2",
        ):
            assert said in message
        assert "What was finished stands" not in message
        assert digests(home) == before
        assert bindings(home) == endpoints, "no request was ever led to a sick one"
        stopped = {call for call in target.calls if call.startswith("stop")}
        assert stopped == {"stop replica/web-0#2", "stop replica/web-1#2"}, "nothing of a bad one goes on working"
        assert states() == [(2, "undone"), (1, "proven")]
        assert [(run.verb, run.state) for run in runs()][:2] == [("deploy", "done"), ("deploy", "failed")]
        assert runs()[0].reason == "release 2 failed: back to release 1"
        assert await done(reconcile) == "nothing to do: 7 as wanted"
        assert await done(provision, stack="shop") == "nothing to do: 7 as wanted"

    async def test_what_cannot_be_stopped_is_told_beside_why_it_failed(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        target.fails["stop replica/web-0#2"] = [TransientError("the target did not answer.")]
        message = await failed(deploy, stack="shop", command="false")
        assert "replica/web-0#2 of shop exited with 1." in message
        assert "It may still run: the target did not answer." in message
        assert target.calls["create replica/web-0"] == 2, "it is not made once more for that"
        assert target.calls["stop replica/web-0#2"] == 2, "the way back has stopped it"

    async def test_one_that_a_killed_run_left_at_its_work_is_stopped_by_the_next(self, target: Faulty) -> None:
        await done(provision, spec=shop(), source="/srv")
        left = TransientError("killed in between")
        target.fails["stop replica/web-0#2"] = [left, left]
        await failed(deploy, stack="shop", command="false")
        assert target.calls["stop replica/web-0#2"] == 2
        assert await done(reconcile) == "nothing to do: 7 as wanted"
        assert target.calls["stop replica/web-0#2"] == 3

    async def test_a_way_back_that_fails_is_told_and_taken_up_by_the_timer(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        before = digests(home)
        target.destroy(next(instance for instance in observed(home) if instance.address == "cache/main"))
        target.fails["cache/main"] = [ProviderError("no memory for a cache."), ProviderError("still no memory.")]
        message = await failed(deploy, stack="shop", command="run --new")
        assert message.startswith(
            "deploy of release 2 failed, and so did the way back: release 1 may serve in part only."
        )
        assert "Why release 2 failed: no memory for a cache." in message
        assert "Why release 1 did not come back: still no memory." in message
        assert states() == [(2, "failed"), (1, "proven")]
        await done(reconcile, stack="shop")
        assert (states(), digests(home)) == ([(2, "undone"), (1, "proven")], before)
        assert runs()[0].reason == "release 2 was not proven: back to release 1"

    async def test_before_the_first_that_is_proven_there_is_nothing_to_go_back_to(
        self, target: Faulty, home: Any
    ) -> None:
        await failed(provision, spec=shop(command="false"), source="/srv")
        assert states() == [(1, "failed")]
        message = await failed(deploy, stack="shop", command="false", env={"A": "1"})
        assert message.startswith("deploy of release 2 failed, and no release was proven before it to go back to.")
        assert (
            await done(deploy, stack="shop", command="run") == "release 3 serves: 3 created, 2 destroyed, 4 unchanged"
        )
        assert states() == [(3, "proven"), (2, "failed"), (1, "failed")]

    async def test_what_is_refused_touches_nothing(self, target: Faulty, home: Any) -> None:
        spec = shop()
        spec["services"]["worker"] = {"command": "work"}
        await done(provision, spec=spec, source="/srv")
        texts = addresses(home)
        assert await failed(deploy, stack="shop", command="x") == (
            "shop has several services that this could be for: web, worker. Name one."
        )
        assert await failed(deploy, stack="shop", service="api", command="x") == (
            "shop has no service `api`. It has: web, worker."
        )
        assert "services.web.memory: found `plenty`" in await failed(
            deploy, stack="shop", service="web", memory="plenty"
        )
        assert "tenfold secret set shop stripe" in await failed(
            deploy, stack="shop", service="web", env={"KEY": {"secret": "stripe"}}
        )
        assert (addresses(home), states()) == (texts, [(1, "proven")])
        await done(teardown, stack="shop")
        assert "torn down. Bring it back first" in await failed(deploy, stack="shop", service="web", command="x")
        assert "torn down. Bring it back first" in await failed(rollback, stack="shop")


def bindings(home: Any) -> dict[str, str]:
    return dict(next(instance.bindings for instance in observed(home) if instance.address == "route/web"))


class TestRollback:
    async def test_everything_comes_back_but_counts(self, target: Faulty, home: Any) -> None:
        with Ledger.open(settings()) as ledger:
            ledger.secrets.set("shop", "stripe", "one")
        await done(provision, spec=shop(env={"KEY": {"secret": "stripe"}, "A": "1"}), source="/srv")
        with Ledger.open(settings()) as ledger:
            ledger.secrets.set("shop", "stripe", "two")
        assert await done(reconcile, stack="shop") == "nothing to do: 7 as wanted", "a release keeps its secrets"
        await done(deploy, stack="shop", command="run --new", env={"A": "2"})
        assert target.env["replica/web-0"]["KEY"] == "two"
        await done(scale, stack="shop", service="web", replicas=3)
        assert (await done(rollback, stack="shop")).startswith("release 3 serves: 3 created")
        assert (target.env["replica/web-2"]["KEY"], target.env["replica/web-2"]["A"]) == ("one", "1")
        assert releases()[0].content == releases()[2].content
        assert releases()[0].reason.startswith("back to release 1: web: command run --new -> run; web: env A 2 -> 1")
        assert await done(provision, stack="shop") == "nothing to do: 8 as wanted"
        assert (await done(rollback, stack="shop", release=2)).startswith("release 4 serves")
        with Ledger.open(settings()) as ledger:
            ledger.secrets.remove("shop", "stripe")
            ledger.secrets.set("shop", "stripe", "three")
        assert "secrets that were erased since: stripe v1" in await failed(rollback, stack="shop", release=1)

    async def test_what_cannot_be_gone_back_to(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        assert await failed(rollback, stack="shop") == "shop has no other release to go back to. Proven: 1."
        await failed(deploy, stack="shop", command="false")
        assert "Release 2 of shop was never proven (undone)" in await failed(rollback, stack="shop", release=2)
        assert await failed(rollback, stack="shop", release=9) == (
            "shop has no release 9, or it is no longer kept. Proven: 1."
        )


class TestProvision:
    async def test_what_was_deployed_stays_until_the_file_changes_it(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        await done(deploy, stack="shop", command="run --new", env={"A": "1"})
        await done(provision, spec=shop(replicas={"min": 3, "max": 5}, env={"B": "2"}), source="/srv")
        service = releases()[0].content.services["web"]
        assert (service.command, service.env) == (["run", "--new"], {"A": "1", "B": "2"})
        await done(provision, spec=shop(command="run --file"), source="/srv")
        service = releases()[0].content.services["web"]
        assert (service.command, service.env) == (["run", "--file"], {"A": "1"})
        assert states()[0] == (4, "proven")

    async def test_one_that_fails_stands_until_the_timer_goes_back(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(), source="/srv")
        before = digests(home)
        message = await failed(provision, spec=shop(command="false"), source="/srv")
        assert "release 2 is not proven: the timer goes back to release 1" in message
        assert states() == [(2, "failed"), (1, "proven")]
        await done(scale, stack="shop", service="web", replicas=3)
        assert (digests(home), states()) == (before, [(2, "undone"), (1, "proven")])
        await failed(provision, stack="shop")
        assert states()[0] == (3, "failed"), "the file is what is provisioned, and not what came back"

    async def test_a_file_that_catches_up_with_a_deploy_does_not_undo_the_next(self, target: Faulty, home: Any) -> None:
        await done(provision, spec=shop(command="one"), source="/srv")
        await done(deploy, stack="shop", command="two")
        await done(provision, spec=shop(command="two"), source="/srv")
        await done(deploy, stack="shop", command="three")
        await done(provision, spec=shop(command="two"), source="/srv")
        assert releases()[0].content.services["web"].command == ["three"]
