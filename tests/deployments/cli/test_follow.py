"""Follow a run to its end, while its server may be away."""

import pytest

from deployments.cli.following import follow as following
from deployments.cli.following.follow import follow
from deployments.cli.following.prefect_api import LogLine
from deployments.cli.following.watch import Snapshot, Watch
from infra_specs.errors import ServerError
from tests.deployments.cli.fakes import FakeApi, FakeDisplay, FakeWatch, change, flow_run, run


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(following, "EAGER_PAUSE_SECONDS", 0.0)


@pytest.mark.parametrize("end", ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"])
def test_every_end_ends_it_and_every_look_is_shown(end: str) -> None:
    looks = [Snapshot(flow_run("SCHEDULED")), Snapshot(flow_run()), Snapshot(flow_run(end))]
    display = FakeDisplay()
    assert follow(FakeWatch([*looks]), display) == looks[-1]
    assert display.shown == looks


def test_a_server_that_is_away_for_a_moment_is_asked_again() -> None:
    last = Snapshot(flow_run("COMPLETED"))
    assert follow(FakeWatch([Snapshot(flow_run()), None, None, last]), FakeDisplay()) == last


def test_a_server_that_stays_away_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SILENCE_SECONDS", -1.0)
    with pytest.raises(ServerError, match="does not answer"):
        follow(FakeWatch([Snapshot(flow_run()), None]), FakeDisplay())


def test_a_look_has_the_plan_and_the_changes_of_this_run_only() -> None:
    ours = run(
        "shop", change("replica/web-0", "intended"), skipped=[{"address": "volume/database", "reason": "data, kept"}]
    )
    others = run("shop", change("replica/web-9"), flow_run_id="f-0")
    snapshot = Watch(FakeApi([flow_run()]), "f-1", ("shop",), lambda stack, limit: (ours, others)).look()
    assert snapshot.planned == ("replica/web-0",)
    assert [(step.instance, step.under_way) for step in snapshot.steps] == [("replica/web-0", True)]
    assert snapshot.skipped == ("volume/database: data, kept",)
    assert snapshot.summary == "1 to create"


def test_an_incarnation_is_named_and_so_is_the_stack_where_there_are_several() -> None:
    gone = change("replica/web-0#2", action="destroy", reason="one (too) many")
    snapshot = Watch(FakeApi([flow_run()]), "f-1", ("a", "b"), lambda stack, limit: (run(stack, gone),)).look()
    assert [step.instance for step in snapshot.steps] == ["a replica/web-0#2", "b replica/web-0#2"]
    assert snapshot.planned == ("a replica/web-0#2", "b replica/web-0#2")


def test_a_line_that_matters_is_told_once() -> None:
    api = FakeApi([flow_run()])
    api.lines = [
        LogLine("1", "t1", 20, "prefect.flow_runs", "Plan: 1 to create"),
        LogLine("2", "t2", 30, "prefect.flow_runs", "The lease is not renewed.\nmore"),
        LogLine("3", "t2", 20, "prefect.task_runs", "Task run failed with exception: X - Retry 1/4 will start"),
        LogLine("4", "t2", 40, "prefect.task_runs", "Task run failed with exception\nTraceback"),
    ]
    watch = Watch(api, "f-1", (), lambda stack, limit: ())
    assert watch.look().notes == (
        "The lease is not renewed.",
        "Task run failed with exception: X - Retry 1/4 will start",
    )
    api.lines.append(LogLine("5", "t2", 30, "prefect.flow_runs", "of the same moment"))
    assert watch.look().notes == ("of the same moment",)
    assert api.asked_after == [None, "t2"]
